//! The parts of a filing: procedure, place, papers with their files, fees, and how the result comes back.

use std::sync::Arc;

use super::{Build, Members};
use crate::adapt::apply::Canon;
use crate::adapt::target::CONTENT;
use crate::domain::attachment::{INLINE_BYTES, INLINE_BYTES_OF_ALL, INLINE_FILES, InlineFile};
use crate::domain::codes::{CommuneCode, DistrictCode, Email, Phone};
use crate::domain::dossier::{
    Catalogue, Component, Copies, Fee, FeeKind, FeeMoment, FileRef, ForeignCode, ForeignValue, Place,
    ProcedureRef, ResultReturn, ReturnMethod,
};
use crate::domain::rejection::problems;
use crate::domain::seal::sha256;
use crate::domain::sha256::Sha256;

impl Build {
    pub(super) fn foreign_code(&mut self, o: Members<'_, '_>) -> Option<ForeignCode> {
        let (system, code) = (self.need_text(o, "system"), self.need_text(o, "code"));
        Some(ForeignCode {
            system: system?,
            code: code?,
        })
    }

    pub(super) fn foreign_value(&mut self, o: Members<'_, '_>) -> Option<ForeignValue> {
        let (path, value) = (self.need_text(o, "path"), self.need_text(o, "value"));
        Some(ForeignValue {
            path: path?,
            value: value?,
        })
    }

    pub(super) fn procedure(&mut self, o: Members<'_, '_>) -> Option<ProcedureRef> {
        let code = self.need_text(o, "code");
        let name = self.text(o, "name");
        let (field_code, field_name) = (self.text(o, "field_code"), self.text(o, "field_name"));
        Some(ProcedureRef {
            code: code?,
            name,
            field_code,
            field_name,
        })
    }

    pub(super) fn place(&mut self, o: Members<'_, '_>) -> Option<Place> {
        let catalogue = self.word::<Catalogue>(o, "catalogue");
        let commune = self.need(o, "commune");
        let commune = commune.and_then(|c| self.code_of::<CommuneCode>("commune", c, "00004"));
        let name = self.text(o, "name");
        let district = self.code::<DistrictCode>(o, "district", "001");
        let document_date = self.day(o, "document_date");
        Some(Place {
            catalogue,
            commune: commune?,
            name,
            district,
            document_date,
        })
    }

    pub(super) fn component(&mut self, o: Members<'_, '_>) -> Option<Component> {
        let code = self.text(o, "code");
        let name = self.need_text(o, "name");
        let copies = self.copies(o);
        let files = self.list(o, "files", Self::file);
        let (digitised, reused) = (self.flag(o, "digitised"), self.flag(o, "reused"));
        let from_store = self.flag(o, "from_store");
        Some(Component {
            code,
            name: name?,
            copies,
            files,
            digitised,
            reused,
            from_store,
        })
    }

    pub(super) fn copies(&mut self, o: Members<'_, '_>) -> Copies {
        let copies = self.part(o, "copies", |build, o| {
            // The range of the model is the range of u16, checked when the number was read.
            let mut count = |name| {
                build
                    .whole(o, name)
                    .and_then(|n| u16::try_from(n).ok())
                    .unwrap_or_default()
            };
            Some(Copies {
                original: count("original"),
                certified: count("certified"),
                photo: count("photo"),
            })
        });
        copies.unwrap_or_default()
    }

    pub(super) fn file(&mut self, o: Members<'_, '_>) -> Option<FileRef> {
        let id = self.text(o, "id");
        let name = self.need_text(o, "name");
        let mut sha256 = self.code::<Sha256>(o, "sha256", "SHA-256: 64 × 0-9 a-f");
        let mut size = self.whole(o, "size");
        if let Some(content) = self.content(o) {
            let actual = content.bytes.len() as i64;
            if sha256.is_some_and(|said| said != content.sha256) {
                let sha256 = &content.sha256;
                self.problem("sha256", problems::DigestMismatch { sha256 });
            }
            if let Some(said) = size.filter(|said| *said != actual) {
                let (said, size) = (&said, &actual);
                self.warning("size", problems::FileSizeDiffers { said, size });
            }
            (sha256, size) = (Some(content.sha256), Some(actual));
            self.contents.push(content);
        }
        let media_type = self.text(o, "media_type");
        let location = self.text::<4000, false>(o, "location");
        if location.as_ref().is_some_and(|at| !is_of_the_web(at.as_str())) {
            self.warning("location", problems::FileLocationUnusable { field: &"location" });
        }
        Some(FileRef {
            id,
            name: name?,
            sha256,
            size,
            media_type,
            location,
        })
    }

    /// The content of a file, where it stands in the document.
    fn content(&mut self, o: Members<'_, '_>) -> Option<InlineFile> {
        let Canon::Content(bytes) = self.get(o, CONTENT)? else {
            return self.clash(CONTENT);
        };
        let before: usize = self.contents.iter().map(|content| content.bytes.len()).sum();
        let too_many = self.contents.len() >= INLINE_FILES;
        if too_many || bytes.len() > INLINE_BYTES || before + bytes.len() > INLINE_BYTES_OF_ALL {
            let problem = problems::ContentTooLarge {
                field: &CONTENT,
                limit: &INLINE_BYTES,
                all: &INLINE_BYTES_OF_ALL,
                files: &INLINE_FILES,
            };
            self.problem(CONTENT, problem);
            return None;
        }
        Some(InlineFile {
            sha256: sha256(bytes),
            bytes: Arc::clone(bytes),
        })
    }

    pub(super) fn fee(&mut self, o: Members<'_, '_>) -> Option<Fee> {
        let (code, name) = (self.text(o, "code"), self.need_text(o, "name"));
        let kind = self.word::<FeeKind>(o, "kind");
        let amount_vnd = self
            .need(o, "amount_vnd")
            .and_then(|_| self.whole(o, "amount_vnd"));
        let moment = self.word::<FeeMoment>(o, "moment");
        Some(Fee {
            code,
            name: name?,
            kind,
            amount_vnd: amount_vnd?,
            moment,
        })
    }

    pub(super) fn result_return(&mut self, o: Members<'_, '_>) -> Option<ResultReturn> {
        let method = self.need_word::<ReturnMethod>(o, "method");
        let (receiver, address) = (self.text(o, "receiver"), self.text(o, "address"));
        let phone = self.code::<Phone>(o, "phone", "0000000001, +84000000001");
        let email = self.code::<Email>(o, "email", "ten@vidu.vn");
        Some(ResultReturn {
            method: method?,
            receiver,
            address,
            phone,
            email,
        })
    }
}

/// Whether a text is an address that a program can fetch: http or https, and a host.
fn is_of_the_web(text: &str) -> bool {
    let rest = text
        .split_once("://")
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"));
    rest.is_some_and(|(_, rest)| {
        rest.starts_with(|c: char| c.is_alphanumeric() || c == '[') && !rest.contains(' ')
    })
}
