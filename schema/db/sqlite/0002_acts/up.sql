-- How often the due date of a dossier was moved; the law allows it once (NĐ 118/2025 Đ19.6).
ALTER TABLE dossiers ADD COLUMN postponements INTEGER NOT NULL DEFAULT 0;
