-- Which dossier of a likeness is the next one, when the first is amended to be about something else.
CREATE INDEX likenesses_by_blind_dossier ON likenesses (blind, dossier);
