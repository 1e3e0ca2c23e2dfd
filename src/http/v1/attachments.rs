//! Files: in as a stream, out as a stream, whole or one range of it.

use actix_web::http::header;
use actix_web::web::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::domain::view::{AttachmentsView, BlobView, ReadPage};
use crate::http::extract::Authed;
use crate::http::limits::READ_PAGE;
use crate::http::reply::{Body, Outcome, Pieces, Reply};
use crate::http::routes::parameters::{ATTACHMENT, ATTACHMENT_HEAD, BLOB, ONE, PUT_BLOB, READS};
use crate::http::routes::row::{Gives, Takes, shape};
use crate::http::v1::served::{Served, served};
use crate::service::{FileDownload, Given, Wanted};

/// Its routes.
pub(super) const ROUTES: &[Served] = served! {
    Get "/v1/dossiers/{id}/attachments" "attachments"
        DossierRead list, ONE, Takes::Nothing => Gives::Json(shape::<AttachmentsView>());
        "Các tệp của hồ sơ" "List the files of a dossier"
    Get "/v1/dossiers/{id}/attachments/{n}" "attachment"
        FileRead download, ATTACHMENT, Takes::Nothing => Gives::File;
        "Tải một tệp của hồ sơ" "Download a file of a dossier; who did is logged"
    Head "/v1/dossiers/{id}/attachments/{n}" "attachmentHead"
        FileRead head, ATTACHMENT_HEAD, Takes::Nothing => Gives::Nothing;
        "Xem kích thước và kiểu của một tệp" "Read size and type of a file of a dossier"
    Get "/v1/dossiers/{id}/reads" "reads"
        HubRead reads, READS, Takes::Nothing => Gives::Json(shape::<ReadPage>());
        "Ai đã tải tệp của hồ sơ" "Read who downloaded files of a dossier"
    Put "/v1/blobs/{sha256}" "upload"
        FileUpload upload, PUT_BLOB, Takes::File => Gives::Made(shape::<BlobView>());
        "Tải tệp lên theo mã băm" "Upload a file under its digest"
    Head "/v1/blobs/{sha256}" "uploaded"
        FileUpload uploaded, BLOB, Takes::Nothing => Gives::Nothing;
        "Xem tệp đã tải lên chưa" "Ask whether one has uploaded a file"
};

async fn upload(mut authed: Authed) -> Outcome {
    let (digest, traceparent) = (authed.digest()?, Some(authed.traceparent()));
    let hub = std::sync::Arc::clone(authed.hub());
    let mut incoming = hub.files.begin_upload(authed.access(), authed.declared()).await?;
    authed
        .pour(async |piece: &[u8]| incoming.write(piece).await)
        .await?;
    let view = hub
        .files
        .uploaded(authed.access(), incoming, &digest, traceparent)
        .await?;
    let mut reply = Reply::json(&view)?;
    if !view.existing {
        reply.status = 201;
    }
    Ok(reply)
}

async fn uploaded(authed: Authed) -> Outcome {
    let digest = authed.digest()?;
    let size = authed.hub().files.upload_size(authed.access(), &digest).await?;
    let mut reply = Reply::new(200, OCTETS, Vec::new()).with("ETag", format!("\"{digest}\""));
    reply.body = Body::Sized(size, nothing());
    Ok(reply)
}

async fn list(authed: Authed) -> Outcome {
    Reply::json(
        &authed
            .hub()
            .files
            .list(authed.access(), authed.dossier()?)
            .await?,
    )
}

async fn reads(authed: Authed) -> Outcome {
    let query = authed.query()?;
    let after = query.get("after", "rdg_…")?;
    let limit = query.number("limit", 1, READ_PAGE.0)?.unwrap_or(READ_PAGE.1);
    let page = authed
        .hub()
        .files
        .reads(authed.access(), authed.dossier()?, after, limit)
        .await?;
    Reply::json(&page)
}

async fn head(authed: Authed) -> Outcome {
    let (id, n) = (authed.dossier()?, authed.attachment()?);
    let given = authed
        .hub()
        .files
        .open(authed.access(), id, n, Wanted::Nothing)
        .await?;
    let mut reply = described(&given);
    reply.body = Body::Sized(given.size, nothing());
    Ok(reply)
}

async fn download(authed: Authed) -> Outcome {
    let (id, n) = (authed.dossier()?, authed.attachment()?);
    // An `If-Range` can be judged only against the file, so the file is found first; nothing is logged for that.
    let wanted = match (
        authed.header(&header::RANGE).and_then(range),
        authed.header(&header::IF_RANGE),
    ) {
        (Some(part), None) => part,
        (Some(part), Some(condition)) => {
            let known = authed
                .hub()
                .files
                .open(authed.access(), id, n, Wanted::Nothing)
                .await?;
            if condition == etag(&known) {
                part
            } else {
                Wanted::All
            }
        }
        (None, _) => Wanted::All,
    };
    let given = authed.hub().files.open(authed.access(), id, n, wanted).await?;
    let mut reply = described(&given);
    if wanted != Wanted::All {
        reply.status = 206;
        let (first, last) = (given.part.start, given.part.end - 1);
        reply = reply.with("Content-Range", format!("bytes {first}-{last}/{}", given.size));
    }
    let length = given.part.end - given.part.start;
    reply.body = Body::Sized(
        length,
        given.bytes.map_or_else(nothing, |bytes| pieces(bytes, authed)),
    );
    Ok(reply)
}

const OCTETS: &str = "application/octet-stream";

fn nothing() -> Pieces {
    Box::pin(stream::empty())
}

/// The bytes as they are read. The request's place is kept until the last of them.
fn pieces(bytes: FileDownload, authed: Authed) -> Pieces {
    Box::pin(stream::unfold(Some((bytes, authed)), async |state| {
        let (mut bytes, authed) = state?;
        match bytes.next().await {
            Ok(piece) => piece.map(|piece| (Ok(Bytes::from(piece)), Some((bytes, authed)))),
            Err(error) => {
                tracing::error!(%error, "a download was cut short");
                Some((Err(std::io::Error::other("cut short")), None))
            }
        }
    }))
}

fn etag(given: &Given) -> String {
    format!("\"{}\"", given.sha256)
}

/// The head of a file. It is somebody else's: a browser is to save it, never to show it or to run what is in it.
fn described(given: &Given) -> Reply {
    Reply::new(200, media_type(given.media_type.as_deref()), Vec::new())
        .with("ETag", etag(given))
        .with("Accept-Ranges", "bytes")
        .with("Content-Disposition", disposition(&given.name))
        .with("Content-Security-Policy", "sandbox; default-src 'none'")
        // RFC 9530: of the whole file, whatever part is sent.
        .with("Repr-Digest", format!("sha-256=:{}:", STANDARD.encode(given.sha256.as_bytes())))
}

/// One range in bytes (RFC 9110, 14.1.2). What is no such range is read as if it were left out, as that section says.
fn range(header: &str) -> Option<Wanted> {
    let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    match (first, last) {
        ("", last) => Some(Wanted::Last(number(last)?)),
        (first, "") => Some(Wanted::From(number(first)?, None)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Wanted::From(first, Some(last)))
        }
    }
}

/// The media type a sender gave, without parameters, when it is one.
fn media_type(given: Option<&str>) -> String {
    let token = |s: &str| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b);
        !s.is_empty() && s.bytes().all(allowed)
    };
    let bare = given.and_then(|g| g.split(';').next()).map(str::trim);
    match bare.and_then(|b| b.split_once('/')) {
        Some((kind, of)) if token(kind) && token(of) => format!("{kind}/{of}").to_ascii_lowercase(),
        _ => OCTETS.to_owned(),
    }
}

/// Characters of a file name that go into a header.
const NAME: usize = 150;

/// What is encoded in a file name: everything but the `attr-char` of RFC 8187.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// `Content-Disposition` of a file to be saved under its sender's name (RFC 6266), which is cleaned of everything that is not a name:
/// folders, control characters, characters that turn the direction of writing.
fn disposition(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let turns =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let clean: String = last
        .chars()
        .filter(|c| !c.is_control() && !turns(*c))
        .take(NAME)
        .collect();
    let clean = match clean.trim().trim_start_matches('.') {
        "" => "tep",
        name => name,
    };
    let plain: String = clean
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "-_. ()".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    let mut header = format!("attachment; filename=\"{plain}\"");
    if plain != clean {
        header.push_str("; filename*=UTF-8''");
        header.extend(utf8_percent_encode(clean, ENCODED));
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_read_and_anything_else_is_left_out() {
        for (header, wanted) in [
            ("bytes=0-0", Some(Wanted::From(0, Some(0)))),
            ("bytes=5-", Some(Wanted::From(5, None))),
            ("bytes=-5", Some(Wanted::Last(5))),
            (
                "bytes=0-99999999999999999999999",
                Some(Wanted::From(0, Some(u64::MAX))),
            ),
            ("bytes=5-4", None),
            ("bytes=-", None),
            ("bytes=1-2,4-5", None),
            ("bytes=+1-2", None),
            ("bytes= 1-2", None),
            ("lines=1-2", None),
            ("", None),
        ] {
            assert_eq!(range(header), wanted, "{header}");
        }
    }

    #[test]
    fn a_file_name_cannot_leave_its_header_or_its_folder() {
        for (name, header) in [
            ("to-khai.pdf", "attachment; filename=\"to-khai.pdf\""),
            ("../../etc/passwd", "attachment; filename=\"passwd\""),
            ("C:\\x\\a.pdf", "attachment; filename=\"a.pdf\""),
            (".bashrc", "attachment; filename=\"bashrc\""),
            ("..", "attachment; filename=\"tep\""),
            (
                "a\"b\r\n.pdf",
                "attachment; filename=\"a_b.pdf\"; filename*=UTF-8''a%22b.pdf",
            ),
            (
                "tờ.pdf",
                "attachment; filename=\"t_.pdf\"; filename*=UTF-8''t%E1%BB%9D.pdf",
            ),
            ("a\u{202e}fdp.exe", "attachment; filename=\"afdp.exe\""),
            (
                "100%.pdf",
                "attachment; filename=\"100_.pdf\"; filename*=UTF-8''100%25.pdf",
            ),
        ] {
            assert_eq!(disposition(name), header, "{name}");
        }
        assert!(disposition(&"ờ".repeat(500)).len() < 2000);
    }

    #[test]
    fn a_media_type_is_one_or_octets() {
        for (given, shown) in [
            (Some("application/PDF"), "application/pdf"),
            (Some("text/html; charset=utf-8"), "text/html"),
            (Some("text/html\r\nX: y"), OCTETS),
            (Some("pdf"), OCTETS),
            (Some("/"), OCTETS),
            (None, OCTETS),
        ] {
            assert_eq!(media_type(given), shown);
        }
    }
}
