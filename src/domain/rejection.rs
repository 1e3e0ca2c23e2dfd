//! Everything the hub can refuse, or warn of, in one list.
//!
//! A [`Label`] never changes once published. Each has a title and a sentence in Vietnamese and in English that says what to do;
//! `{name}` in a sentence is filled from the problem's arguments, which [`problems`] has for each label. Arguments are codes, limits
//! and field names, never a person's data: a problem document may be logged.

#[macro_use]
mod list;
mod problem;
pub mod problems;
mod text;
mod word;

pub use problem::{Problem, Rejection};
pub use text::LabelText;

/// The language of a sentence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Tiếng Việt.
    #[default]
    Vietnamese,
    /// English.
    English,
}

labels! {
    // who is calling
    CertificateMissing "certificate-missing" 401 "Thiếu chứng thư máy khách" "No client certificate"
        "Kết nối lại và trình chứng thư mà Trung tâm đã đăng ký cho đơn vị." "Connect again and present the certificate registered for your tenant.";
    CertificateUntrusted "certificate-untrusted" 401 "Chứng thư không do tổ chức được tin cậy cấp" "The certificate's issuer is not trusted"
        "Dùng chứng thư do tổ chức cấp mà cổng tin cậy; gửi kèm đủ chuỗi chứng thư trung gian." "Use a certificate from an issuer this hub trusts, and send the intermediate certificates with it.";
    CertificateExpired "certificate-expired" 401 "Chứng thư đã hết hạn" "The certificate has expired"
        "Chứng thư hết hạn lúc {not_after}; hãy gia hạn rồi đăng ký dấu vân tay mới." "It expired at {not_after}; renew it and register the new thumbprint.";
    CertificateNotYetValid "certificate-not-yet-valid" 401 "Chứng thư chưa có hiệu lực" "The certificate is not valid yet"
        "Chứng thư có hiệu lực từ {not_before}; kiểm tra đồng hồ của máy." "It is valid from {not_before}; check your machine's clock.";
    CertificateUnknown "certificate-unknown" 401 "Chứng thư chưa đăng ký" "The certificate is not registered"
        "Gửi dấu vân tay SHA-256 {thumbprint} cho người vận hành để đăng ký." "Send the SHA-256 thumbprint {thumbprint} to the operator to have it registered.";
    CertificateRevoked "certificate-revoked" 401 "Chứng thư đã bị thu hồi" "The certificate is revoked"
        "Ngừng dùng khóa này, xin chứng thư mới và liên hệ người vận hành." "Stop using this key, obtain a new certificate and contact the operator.";
    CertificateVersionOld "certificate-version-old" 401 "Chứng thư theo phiên bản X.509 cũ" "The certificate is of an old version of X.509"
        "Xin chứng thư X.509 phiên bản 3; bản 1 và 2 không ghi được mục đích sử dụng." "Obtain an X.509 certificate of version 3; versions 1 and 2 cannot say what a certificate is for.";
    CertificateKeyWeak "certificate-key-weak" 401 "Khóa của chứng thư quá ngắn" "The certificate's key is too short"
        "Khóa RSA có {bits} bit, cần từ {least} bit; tạo khóa mới (nên dùng EC P-256) rồi xin chứng thư mới." "Its RSA key has {bits} bits, and {least} are needed; make a new key (EC P-256 is best) and obtain a new certificate.";
    CertificateKeyUnsupported "certificate-key-unsupported" 401 "Loại khóa của chứng thư không được hỗ trợ" "The certificate's kind of key is not supported"
        "Dùng khóa RSA từ 2048 bit, EC P-256, P-384, P-521 hoặc Ed25519." "Use an RSA key of 2048 bits or more, EC P-256, P-384 or P-521, or Ed25519.";
    CertificateSignatureWeak "certificate-signature-weak" 401 "Chứng thư được ký bằng SHA-1 hoặc MD5" "The certificate is signed with SHA-1 or MD5"
        "Đề nghị tổ chức cấp chứng thư ký lại bằng SHA-256 trở lên." "Have its issuer sign it again with SHA-256 or better.";
    CertificateNotForClients "certificate-not-for-clients" 401 "Chứng thư không dùng cho máy khách" "The certificate is not for client authentication"
        "Chứng thư chỉ ghi mục đích khác (ví dụ máy chủ); xin chứng thư có mục đích clientAuth (1.3.6.1.5.5.7.3.2)." "It names other purposes only (a server's, for example); obtain one with the purpose clientAuth (1.3.6.1.5.5.7.3.2).";
    TenantSuspended "tenant-suspended" 403 "Đơn vị đang bị tạm ngừng" "The tenant is suspended"
        "Liên hệ người vận hành; hồ sơ đã gửi vẫn được giữ và vẫn được giải quyết." "Contact the operator; what was filed is kept and goes on.";
    TokenMissing "token-missing" 401 "Thiếu mã truy cập" "No access token"
        "Lấy mã ở {token_endpoint} rồi gửi trong tiêu đề Authorization: Bearer." "Get a token at {token_endpoint} and send it in Authorization: Bearer.";
    TokenMalformed "token-malformed" 401 "Mã truy cập sai dạng" "The access token is malformed"
        "Gửi nguyên vẹn mã đã nhận ở {token_endpoint}, không sửa, không cắt." "Send the token exactly as {token_endpoint} gave it.";
    TokenSignatureInvalid "token-signature-invalid" 401 "Chữ ký của mã truy cập không đúng" "The access token's signature is wrong"
        "Mã này không do cổng cấp, hoặc khóa đã thay; hãy lấy mã mới." "This hub did not issue it, or the key has been replaced; get a new token.";
    TokenExpired "token-expired" 401 "Mã truy cập đã hết hạn" "The access token has expired"
        "Lấy mã mới ở {token_endpoint}; mỗi mã có hiệu lực nhiều nhất 10 phút." "Get a new one at {token_endpoint}; a token is valid for at most 10 minutes.";
    TokenAudienceWrong "token-audience-wrong" 401 "Mã truy cập dành cho nơi khác" "The access token is for another service"
        "Lấy mã ở {token_endpoint} của chính cổng này." "Get a token from this hub's own {token_endpoint}.";
    TokenCertificateMismatch "token-certificate-mismatch" 401 "Mã truy cập không gắn với chứng thư này" "The token is bound to another certificate"
        "Gọi bằng đúng chứng thư đã dùng khi lấy mã, hoặc lấy mã mới." "Call with the certificate the token was obtained with, or get a new token.";
    PermissionMissing "permission-missing" 403 "Không có quyền" "Not permitted"
        "Thao tác này cần quyền {permission}; đơn vị loại {kind} hoặc mã này không có." "This needs {permission}, which a tenant of kind {kind}, or this token, does not have.";
    NotYourPart "not-your-part" 403 "Bước này của đơn vị khác" "This step is another tenant's"
        "Bước này của hồ sơ do {tenant} thực hiện; đơn vị được xem, không được làm thay. Liên hệ {tenant}." "This step of the dossier is {tenant}'s; you may see it, not take it for them. Ask {tenant}.";
    StaffUnknown "staff-unknown" 403 "Không có nhân viên này" "The staff member is not registered"
        "Giá trị Acting-Staff phải là nhân viên đã đăng ký của đơn vị." "Acting-Staff must name a registered member of your staff.";
    StaffRequired "staff-required" 400 "Thiếu người thực hiện" "The acting person is not named"
        "Gửi tiêu đề Acting-Staff: cổng yêu cầu đại lý dịch vụ công nêu người thực hiện, để mỗi việc có một người chịu trách nhiệm (quy định của cổng)." "Send Acting-Staff: an agent names the person who acts, so that somebody answers for it (a rule of this hub).";
    PointUnknown "point-unknown" 422 "Không có điểm tiếp nhận này" "The receiving point is not registered"
        "Giá trị Receiving-Point phải là điểm tiếp nhận của chính đơn vị." "Receiving-Point must be one of your own points.";

    // the request as a whole
    NotFound "not-found" 404 "Không tìm thấy" "Not found"
        "Kiểm tra lại địa chỉ hoặc mã; chỉ xem được hồ sơ của đơn vị mình." "Check the address or id; you can see only what concerns your own tenant.";
    MethodNotAllowed "method-not-allowed" 405 "Phương thức không được phép" "Method not allowed"
        "Địa chỉ này nhận: {allow}." "This address takes: {allow}.";
    QueryMalformed "query-malformed" 400 "Tham số sai" "A parameter is malformed"
        "Sửa hoặc bỏ tham số {parameter}; địa chỉ này nhận: {expected}." "Correct or remove the parameter {parameter}; this address takes: {expected}.";
    HeaderMalformed "header-malformed" 400 "Tiêu đề sai" "A header is malformed"
        "Sửa tiêu đề {header}: {expected}." "Correct the header {header}: {expected}.";
    MediaTypeUnsupported "media-type-unsupported" 415 "Không nhận kiểu nội dung này" "This media type is not taken"
        "Gửi một trong: {expected}." "Send one of: {expected}.";
    NotAcceptable "not-acceptable" 406 "Không có dạng trả lời này" "This form of answer is not available"
        "Đặt Accept là một trong: {expected}." "Set Accept to one of: {expected}.";
    FormatUnknown "format-unknown" 415 "Không có định dạng này" "The format is not known"
        "Đơn vị được gửi hồ sơ theo: {expected}." "Your tenant may file in: {expected}.";
    BodyTooLarge "body-too-large" 413 "Nội dung quá lớn" "The body is too large"
        "Nhiều nhất {limit} byte một lần gửi; tệp đính kèm gửi riêng." "At most {limit} bytes at a time; attachments travel apart.";
    RequestTimeout "request-timeout" 408 "Gửi quá chậm" "The request came too slowly"
        "Gửi lại trên đường truyền tốt hơn; với cùng Idempotency-Key thì không bị nhân đôi." "Send it again on a better line; the same Idempotency-Key prevents a double.";
    IdempotencyKeyMissing "idempotency-key-missing" 400 "Thiếu Idempotency-Key" "No Idempotency-Key"
        "Gửi tiêu đề Idempotency-Key (1 đến 128 ký tự ASCII), mỗi hồ sơ một giá trị." "Send Idempotency-Key (1 to 128 ASCII characters), one value per filing.";
    IdempotencyKeyReused "idempotency-key-reused" 422 "Idempotency-Key đã dùng cho nội dung khác" "The Idempotency-Key was used for other content"
        "Dùng Idempotency-Key mới cho nội dung mới; gửi lại nguyên văn nếu muốn nhận câu trả lời cũ." "Use a new Idempotency-Key for new content, or repeat the same bytes to get the stored answer.";
    IdempotencyInFlight "idempotency-in-flight" 409 "Yêu cầu cùng Idempotency-Key đang được xử lý" "A request with this Idempotency-Key is in flight"
        "Đợi vài giây rồi gửi lại nguyên văn." "Wait a few seconds and repeat the same request.";
    RateLimited "rate-limited" 429 "Gửi quá nhanh" "Too many requests"
        "Đợi {retry_after} giây rồi gửi tiếp." "Wait {retry_after} seconds, then go on.";
    QueueFull "queue-full" 503 "Cổng đang bận" "The hub is busy"
        "Chưa nhận hồ sơ này. Đợi {retry_after} giây rồi gửi lại với cùng Idempotency-Key." "This was not taken. Wait {retry_after} seconds and repeat with the same Idempotency-Key.";
    StoreUnavailable "store-unavailable" 503 "Cơ sở dữ liệu tạm thời không sẵn sàng" "The database is not available"
        "Chưa chắc đã nhận. Đợi {retry_after} giây rồi gửi lại với cùng Idempotency-Key; không bị nhân đôi." "It is not certain that this was taken. Wait {retry_after} seconds and repeat with the same Idempotency-Key; nothing is doubled.";
    Internal "internal" 500 "Lỗi của cổng" "An error of the hub"
        "Gửi lại với cùng Idempotency-Key; nếu vẫn lỗi, báo người vận hành mã yêu cầu." "Repeat with the same Idempotency-Key; if it fails again, tell the operator the request id.";
    DigestMalformed "digest-malformed" 400 "Mã băm sai" "The digest is malformed"
        "Mã băm trong đường dẫn là SHA-256: 64 chữ số thập lục phân (0–9, a–f), có thể có sha256: đứng trước; ở đây có {length} ký tự." "The digest in the path is a SHA-256: 64 hexadecimal digits (0–9, a–f), with or without sha256: before them; here there are {length} characters.";
    AnswersNotTaken "answers-not-taken" 408 "Kết quả không được nhận" "The answers were not taken"
        "Các dòng đã trả lời ở trên là xong; các dòng sau chưa được xem. Hãy đọc kết quả trong khi gửi (cổng giữ nhiều nhất {limit} byte), hoặc gửi các dòng còn lại trong lần gọi khác." "The lines answered above are done; those after them were not looked at. Read the answers while you send (the hub keeps at most {limit} bytes of them), or send the other lines in another call.";
    NotStorable "not-storable" 422 "Có giá trị mà cơ sở dữ liệu không lưu được" "A value cannot be stored"
        "Không có gì được ghi. Gửi lại nguyên văn cũng bị từ chối: xem lại ký tự điều khiển và ngày không thể có trong tài liệu; nếu không thấy, báo người vận hành mã yêu cầu." "Nothing was written. The same again is refused again: look for control characters and impossible dates in the document; if there are none, tell the operator the request id.";
    TenantSlowed "tenant-slowed" 429 "Tạm ngừng nhận vì quá nhiều lỗi" "Slowed after too many faults"
        "Nhiều yêu cầu liên tiếp của đơn vị có giá trị không lưu được. Sửa lỗi “not-storable” trước, rồi gửi lại sau {retry_after} giây." "Several of your requests held values that cannot be stored. Mend what was answered `not-storable`, then come again in {retry_after} seconds.";
    CursorUnknown "cursor-unknown" 410 "Con trỏ không thuộc lịch sử này" "The cursor is not of this history"
        "Cơ sở dữ liệu đã được khôi phục từ bản sao lưu, hoặc con trỏ không do cổng này cấp. Đọc lại với {field}={begin}; có thể gặp lại sự kiện đã nhận, hãy loại trùng theo id." "The database was restored from a backup, or this cursor was not given out by this hub. Begin again with {field}={begin}; events you have may come again, deduplicate them by id.";
    ContentCodingUnsupported "content-coding-unsupported" 415 "Không nhận nội dung nén" "A compressed body is not taken"
        "Gửi nội dung không nén: bỏ Content-Encoding: {coding}." "Send the body as it is, without Content-Encoding: {coding}.";
    BodyBroken "body-broken" 400 "Nội dung bị đứt quãng" "The body broke off"
        "Chỉ nhận được {received} byte; gửi lại trọn vẹn, Content-Length đúng với nội dung." "Only {received} bytes arrived; send it again whole, with a Content-Length that is true of it.";

    // what is carried
    DeliveryUnderWay "delivery-under-way" 409 "Bản tin đang trên đường" "The message is under way"
        "Đợi đến khi giao xong hoặc dừng. Bản tin nằm trong hàng đợi riêng của cơ quan thì không lấy lại được; muốn gửi lại thì nêu again và lý do." "Wait until it is handed over or parked. What lies in an agency's own queue cannot be called back; to send it once more say again, with the reason.";
    DeliveryHanded "delivery-handed" 409 "Cơ quan đã nhận bản tin" "The agency has the message already"
        "Không cần làm gì. Muốn gửi lại thì nêu again và lý do; bên nhận loại trùng theo mã sự kiện." "Nothing needs to be done. To send it once more say again, with the reason; the receiver deduplicates by event id.";
    DeliveryWithdrawn "delivery-withdrawn" 409 "Cơ quan này không còn giải quyết hồ sơ" "The agency is no longer responsible"
        "Không gửi lại được; cơ quan đang giải quyết có bản tin của riêng mình." "It cannot be sent again; the agency that is responsible now has a message of its own.";
    NotPushed "not-pushed" 409 "Cơ quan không nhận theo cách đẩy" "The agency is not pushed to"
        "Danh mục ghi cách nhận là {channel}; đề nghị người vận hành đổi thành push rồi đặt lại địa chỉ nhận." "The directory has the channel {channel}; ask the operator to change it to push, then set the endpoint.";
    EndpointForbidden "endpoint-forbidden" 422 "Địa chỉ nhận không được phép" "The endpoint's address is not allowed"
        "{address} không phải địa chỉ công cộng: đặt địa chỉ khác, hoặc đề nghị người vận hành cho phép." "{address} is not a public address: set another one, or ask the operator to allow it.";

    // the document as bytes
    DocumentEmpty "document-empty" 400 "Nội dung rỗng" "The document is empty"
        "Gửi nội dung trong thân yêu cầu; thao tác không cần nội dung thì gửi một đối tượng JSON rỗng." "Send the content in the body; an act that needs none takes an empty JSON object.";
    EncodingInvalid "encoding-invalid" 400 "Sai bảng mã" "The encoding is wrong"
        "Nội dung không phải {encoding} đúng chuẩn, sai từ dòng {line}, cột {column}: gửi lại bằng UTF-8." "The content is not well-formed {encoding} from line {line}, column {column} on: send it in UTF-8.";
    SyntaxInvalid "syntax-invalid" 400 "Sai cú pháp" "The syntax is wrong"
        "Sửa cú pháp ở dòng {line}, cột {column}: {expected}." "Correct the syntax at line {line}, column {column}: {expected}.";
    DuplicateKey "duplicate-key" 400 "Trùng tên trường" "A field name appears twice"
        "Trong một đối tượng mỗi tên chỉ có một lần: {field}." "A name may appear once in an object: {field}.";
    TooDeep "too-deep" 400 "Lồng quá sâu" "Nested too deeply"
        "Nhiều nhất {limit} tầng." "At most {limit} levels.";
    TooManyParts "too-many-parts" 400 "Quá nhiều phần tử" "Too many parts"
        "Nhiều nhất {limit} phần tử trong một tài liệu." "At most {limit} parts in one document.";
    TextTooLong "text-too-long" 400 "Một đoạn chữ quá dài" "A text is too long"
        "Nhiều nhất {limit} byte trong một giá trị." "At most {limit} bytes in one value.";
    DoctypeForbidden "doctype-forbidden" 400 "Không nhận DOCTYPE" "A DOCTYPE is not taken"
        "Bỏ khai báo DOCTYPE và mọi thực thể riêng." "Remove the DOCTYPE declaration and all entities of your own.";
    EntityForbidden "entity-forbidden" 400 "Không nhận thực thể này" "This entity is not taken"
        "Dòng {line}, cột {column}: chỉ dùng &amp; &lt; &gt; &quot; &apos; và mã ký tự." "Line {line}, column {column}: use only &amp; &lt; &gt; &quot; &apos; and character references.";
    ControlCharacter "control-character" 400 "Có ký tự điều khiển" "Holds a control character"
        "Bỏ ký tự NUL và ký tự điều khiển." "Remove NUL and control characters.";
    EncodingContradicted "encoding-contradicted" 400 "Bảng mã khai báo không phải của nội dung" "The declared encoding is not that of the content"
        "Khai báo là {declared}, nội dung là {found}: sửa khai báo, hoặc gửi UTF-8." "The declaration is {declared}, the content is {found}: correct the declaration, or send UTF-8.";
    EncodingUnsupported "encoding-unsupported" 415 "Không nhận bảng mã này" "This encoding is not taken"
        "Chuyển từ {declared} sang UTF-8 rồi gửi lại." "Convert from {declared} to UTF-8 and send it again.";

    // the document as fields
    FieldMissing "field-missing" 422 "Thiếu trường bắt buộc" "A required field is missing"
        "Điền {field}." "Fill in {field}.";
    FieldUnknown "field-unknown" 422 "Trường không có trong định dạng" "The field is not part of the format"
        "Bỏ {field}, hoặc kiểm tra cách viết tên trường." "Remove {field}, or check how the name is spelt.";
    NamespaceWrong "namespace-wrong" 422 "Sai không gian tên" "The namespace is wrong"
        "{field} đúng tên nhưng ở sai không gian tên: khai báo {expected} cho {field}." "{field} has the right name in the wrong namespace: declare {expected} for {field}.";
    FieldForbidden "field-forbidden" 422 "Trường không được gửi" "The field must not be sent"
        "Bỏ {field}: định dạng này không nhận trường ấy từ đơn vị gửi." "Remove {field}: this format does not take it from a sender.";
    FieldRepeated "field-repeated" 422 "Trường lặp lại" "The field is repeated"
        "Chỉ gửi {field} một lần." "Send {field} once.";
    TypeWrong "type-wrong" 422 "Sai kiểu giá trị" "The value is of the wrong type"
        "{field} phải là {expected}." "{field} must be {expected}.";
    ValueUnknown "value-unknown" 422 "Giá trị không có trong bảng mã" "The value is not in the table"
        "{field} nhận: {expected}." "{field} takes: {expected}.";
    TextEmpty "text-empty" 422 "Để trống" "The text is empty"
        "Điền {field}; trường không bắt buộc thì có thể bỏ." "Fill in {field}; a field that is not required may be left out.";
    TextLength "text-length" 422 "Quá dài" "The text is too long"
        "{field} có nhiều nhất {limit} ký tự." "{field} holds at most {limit} characters.";
    NumberMalformed "number-malformed" 422 "Không phải số" "Not a number"
        "{field} là số nguyên từ {min} đến {max}{unit}, viết bằng chữ số, không dấu ngăn cách hàng nghìn." "{field} is a whole number from {min} to {max}{unit}, written in digits, without separators of thousands.";
    DateMalformed "date-malformed" 422 "Sai ngày giờ" "The date is malformed"
        "{field} phải là ngày giờ có thật, viết theo {expected}." "{field} must be a date that exists, written {expected}.";
    DateInFuture "date-in-future" 422 "Ngày ở tương lai" "The date lies in the future"
        "Kiểm tra {field} và đồng hồ của máy." "Check {field} and your machine's clock.";
    CodeMalformed "code-malformed" 422 "Mã sai dạng" "The code is malformed"
        "{field} có dạng {expected}." "{field} has the form {expected}.";
    CheckDigitWrong "check-digit-wrong" 422 "Sai số kiểm tra" "The check digit is wrong"
        "Kiểm tra lại từng chữ số của {field}." "Check every digit of {field}.";
    TooManyItems "too-many-items" 422 "Quá nhiều mục" "Too many items"
        "{field} có nhiều nhất {limit} mục." "{field} holds at most {limit} items.";
    ForeignValueNotKept "foreign-value-not-kept" 422 "Giá trị ngoài hồ sơ chuẩn không giữ được" "A value beside the canonical dossier was not kept"
        "{field} chỉ còn trong nguyên văn: cổng giữ nhiều nhất {limit} giá trị ngoài hồ sơ chuẩn, mỗi giá trị {max} ký tự. Rút ngắn rồi gửi lại nếu cơ quan cần đến." "{field} is in the original document alone: at most {limit} values beside the canonical dossier are kept, of {max} characters each. Shorten it and file again if the agency needs it.";
    FieldMisspelt "field-misspelt" 422 "Tên trường gần giống một trường của định dạng" "The field's name is close to one of the format"
        "Cổng không đọc {field}. Nếu là {expected} thì viết đúng tên và đúng chỗ, nếu không thì bỏ {field}, rồi gửi lại." "{field} was not read. If {expected} is meant, write exactly that name in its place, else leave {field} out, and send it again.";
    ValueUnused "value-unused" 422 "Giá trị không được dùng" "The value was not used"
        "{field} có giá trị mà hồ sơ này không dùng đến, vì một trường khác đã được lấy hoặc thiếu trường đi kèm; kiểm tra xem còn thiếu gì không." "{field} has a value that was not used here, because another field was taken or one that belongs to it is missing; check that nothing is lacking.";
    ValueNeeds "value-needs" 422 "Giá trị cần một trường đi kèm" "The value needs another field"
        "{field} chỉ được dùng khi có {expected}; điền trường ấy, hoặc bỏ {field}." "{field} is used only with {expected}; fill that in, or leave {field} out.";
    ValueDiffers "value-differs" 422 "Hai trường nói khác nhau" "Two fields say different things"
        "{field} khác {expected}; cổng đã lấy {expected}. Sửa trường sai rồi gửi lại." "{field} is other than {expected}, which was taken. Correct the wrong one and send it again.";
    ValueMended "value-mended" 422 "Giá trị được sửa lại khi đọc" "The value was mended when it was read"
        "{field} không viết đúng như định dạng; cổng đã {how} rồi đọc. Kiểm tra giá trị đã nhận, và sửa ở hệ thống gửi." "{field} is not written as the format has it; before it was read, {how}. Check what was taken, and correct the system that sends it.";
    ValueRefused "value-refused" 422 "Định dạng không nhận giá trị này" "The format refuses this value"
        "{field}: {why}" "{field}: {why}";
    TextShortened "text-shortened" 422 "Chữ dài quá đã bị cắt bớt" "A text was shortened"
        "Chỉ giữ {limit} ký tự đầu của {field}." "Only the first {limit} characters of {field} were kept.";
    DateUnset "date-unset" 422 "Ngày chưa đặt" "The date is not set"
        "{field} là ngày mà phần mềm tự điền khi chưa có ngày: ghi ngày thật; nếu chưa có ngày và trường không bắt buộc thì bỏ trường." "{field} is the date a program writes when it has none: write the real date; where there is none and the field is not required, leave it out.";
    DateImplausible "date-implausible" 422 "Ngày không thể có" "The date cannot be"
        "{field} nằm trong khoảng từ {earliest} đến {latest}: kiểm tra lại năm." "{field} lies between {earliest} and {latest}: check the year.";
    NumberFraction "number-fraction" 422 "Số có phần lẻ" "The number has a fraction"
        "{field} là số nguyên từ {min} đến {max}{unit}, không có phần lẻ." "{field} is a whole number from {min} to {max}{unit}, without a fraction.";
    NumberRange "number-range" 422 "Số ngoài khoảng cho phép" "The number is out of range"
        "{field} từ {min} đến {max}{unit}." "{field} is from {min} to {max}{unit}.";
    NumberQuoted "number-quoted" 422 "Số viết thành chữ" "The number is written as a text"
        "{field} là số: bỏ dấu ngoặc kép." "{field} is a number: remove the quotation marks.";
    ListEmpty "list-empty" 422 "Danh sách rỗng" "The list is empty"
        "{field} cần ít nhất một mục." "{field} needs at least one item.";
    ObjectExpected "object-expected" 422 "Cần một đối tượng JSON" "A JSON object is needed"
        "Gửi một đối tượng có dạng {expected}." "Send one object of the form {expected}.";
    TextMisplaced "text-misplaced" 422 "Chữ đứng cạnh phần tử con" "Text stands beside elements"
        "{field} chỉ chứa phần tử con; chữ đứng cạnh không được đọc." "{field} holds elements only; text beside them is not read.";
    NilFilled "nil-filled" 422 "Phần tử nil mà có nội dung" "A nil element holds something"
        "{field} ghi xsi:nil=\"true\" thì phải để trống: bỏ thuộc tính này hoặc bỏ nội dung." "{field} says xsi:nil=\"true\", so it must be empty: remove the attribute or the content.";

    // who is responsible
    ProcedureUnknown "procedure-unknown" 422 "Không có thủ tục này" "The procedure is not known"
        "Kiểm tra mã ở {field} trong danh mục thủ tục hành chính đã công bố." "Look up the code in {field} in the published list of procedures.";
    ProcedureNotInForce "procedure-not-in-force" 422 "Thủ tục chưa hoặc không còn hiệu lực" "The procedure is not in force"
        "Thủ tục {procedure} không có hiệu lực ngày {date}; chọn mã thủ tục đang có hiệu lực." "The procedure {procedure} is not in force on {date}; use the code of one that is.";
    PlaceUnknown "place-unknown" 422 "Không có đơn vị hành chính này" "The place is not known"
        "Mã {commune} không có trong danh mục địa danh {catalogue} ngày {date}." "The code {commune} is not in the catalogue {catalogue} on {date}.";
    PlaceNameMismatch "place-name-mismatch" 422 "Mã và tên địa danh không khớp" "The place's code and name do not agree"
        "Mã {commune} là {name}; kiểm tra mã thuộc danh mục địa danh cũ hay mới." "The code {commune} is {name}; check whether the old or the new catalogue is meant.";
    PlaceAmbiguous "place-ambiguous" 422 "Địa danh cũ đã tách cho nhiều nơi" "The former place was divided"
        "Chọn một đơn vị hiện nay: {candidates}." "Choose one of today's communes: {candidates}.";
    CompetenceFieldMissing "competence-field-missing" 422 "Thiếu địa danh để xác định cơ quan" "The place that decides the agency is missing"
        "Thủ tục {procedure} cần {field} để xác định cơ quan giải quyết." "The procedure {procedure} needs {field} to find the responsible agency.";
    CompetenceGap "competence-gap" 422 "Chưa có quy tắc thẩm quyền" "No rule names an agency"
        "Hồ sơ đã được nhận và chờ người vận hành phân công." "The dossier is taken and waits for the operator to assign it.";
    CompetenceOverlap "competence-overlap" 422 "Nhiều quy tắc thẩm quyền cùng áp dụng" "Several rules name different agencies"
        "Hồ sơ đã được nhận và chờ người vận hành phân công; quy tắc: {rules}." "The dossier is taken and waits for the operator to assign it; rules: {rules}.";
    SuccessorUndecided "successor-undecided" 422 "Cơ quan đã kết thúc, chưa rõ cơ quan kế thừa" "The agency has ended and its successor is not decided"
        "{agency} đã kết thúc hoạt động; hồ sơ chờ người vận hành phân công. Cơ quan có thể kế thừa: {candidates}." "{agency} has ended; the dossier waits for the operator to assign it. Agencies that may have taken over: {candidates}.";

    // what operators do
    TenantExists "tenant-exists" 409 "Đơn vị đã đăng ký với nội dung khác" "The tenant is registered otherwise"
        "{tenant} đã đăng ký; muốn sửa hãy dùng /v1/tenants/{tenant}." "{tenant} is registered already; change it at /v1/tenants/{tenant}.";
    TenantClosed "tenant-closed" 409 "Đơn vị đã đóng" "The tenant is closed"
        "{tenant} đã đóng và không mở lại; hãy đăng ký mã đơn vị mới." "{tenant} is closed and stays so; register the tenant under a new key.";
    ParentUnknown "parent-unknown" 422 "Đại lý phải thuộc một doanh nghiệp đang hoạt động" "An agent belongs to an enterprise that is not closed"
        "{tenant}: nêu parent là một doanh nghiệp (enterprise) đã đăng ký và chưa đóng; chỉ đại lý có parent." "{tenant}: name as parent a registered enterprise that is not closed; only agents have one.";
    DossierTakenOver "dossier-taken-over" 409 "Hồ sơ đã chuyển cho cơ quan kế thừa" "Another agency has taken the dossier over"
        "Từ ngày {date} hồ sơ do {agency} giải quyết; báo cáo này không được ghi nhận. Hãy chuyển kết quả cho cơ quan đó để cơ quan đó báo cáo." "Since {date} the dossier is with {agency}; this report was not recorded. Hand what you have to that agency, which reports it.";
    DirectoryScheduled "directory-scheduled" 409 "Đã có danh mục hẹn ngày áp dụng" "Another directory waits for its day"
        "Danh mục {version} sẽ áp dụng từ ngày {date}; hủy trước (lienthong directory rollback) hoặc chờ đến sau ngày đó." "Directory {version} takes effect on {date}; cancel that first (lienthong directory rollback), or wait until after that day.";
    DirectoryVersionUnknown "directory-version-unknown" 422 "Không có phiên bản danh mục này" "There is no such version of the directory"
        "Dùng một phiên bản trong lienthong directory history." "Name a version that lienthong directory history lists.";
    EffectiveDayPast "effective-day-past" 422 "Ngày áp dụng đã qua" "The effective day is not in the future"
        "Dùng một ngày sau {today}, hoặc bỏ trống để áp dụng ngay." "Name a day after {today}, or none to put it into use now.";
    AgencyUnknown "agency-unknown" 422 "Cơ quan không có trong danh mục" "The agency is not in the directory"
        "{agency} không có hiệu lực hôm nay trong danh mục; nhập danh mục, rồi làm lại." "{agency} is not in force today in the directory; import it first.";
    DirectoryFaulty "directory-faulty" 422 "Danh mục có lỗi" "The directory is faulty"
        "Sửa {place}: {fault}" "Correct {place}: {fault}";
    PlanStale "plan-stale" 409 "Kế hoạch đã cũ" "The plan is stale"
        "Danh mục đang dùng hoặc các tệp đã khác lúc xem trước; lập lại kế hoạch rồi duyệt." "The directory in use or the files are not those that were reviewed; plan again and review.";
    FormatFaulty "format-faulty" 422 "Định dạng có lỗi" "The format is faulty"
        "Sửa {place}: {fault}" "Correct {place}: {fault}";
    FormatTaken "format-taken" 409 "Phiên bản này đã có nội dung khác" "This version has another text already"
        "{format} đã được dùng với nội dung khác (SHA-256 {sha256}) và không bao giờ thay đổi; ghi nội dung mới thành phiên bản tiếp theo, {next}, hoặc đặt lại tệp cũ." "{format} was used with another text (SHA-256 {sha256}) and never changes; make the new text the next version, {next}, or put the old file back.";
    FormatPlanStale "format-plan-stale" 409 "Kế hoạch đổi định dạng đã cũ" "The plan of the format is stale"
        "Phiên bản đang dùng hoặc nội dung gửi lên đã khác lúc xem trước; lập lại kế hoạch rồi duyệt." "The version in use or the text is not the one that was reviewed; plan again and review.";
    FormatNotActivated "format-not-activated" 409 "Không có phiên bản nào để quay lại" "There is nothing to go back to"
        "Chưa có phiên bản nào của {format} được đưa vào sử dụng; xem `lienthong adapter versions`." "No version of {format} was put into use; see `lienthong adapter versions`.";
    AgencyUnchanged "agency-unchanged" 409 "Cơ quan này đang giải quyết hồ sơ" "The agency is responsible already"
        "Hồ sơ đã thuộc thẩm quyền giải quyết của {agency}; không có gì để phân công lại." "The dossier belongs to {agency} already; there is nothing to assign.";
    LastOperator "last-operator" 409 "Đây là người vận hành cuối cùng" "This is the last operator"
        "Đăng ký một người vận hành khác có chứng thư, rồi làm lại." "Register another operator with a certificate first.";
    CertificateUnusable "certificate-unusable" 422 "Chứng thư không dùng được" "The certificate cannot be used"
        "Gửi một chứng thư PEM của đơn vị, còn hạn: {reason}." "Send the tenant's own certificate as PEM, not yet over: {reason}.";
    CertificateTaken "certificate-taken" 409 "Chứng thư thuộc đơn vị khác" "The certificate belongs to another tenant"
        "{thumbprint} đã đăng ký cho đơn vị khác; mỗi chứng thư một đơn vị." "{thumbprint} is registered for another tenant; a certificate belongs to one.";
    CertificateRetired "certificate-retired" 409 "Chứng thư đã thu hồi không dùng lại được" "A revoked certificate never comes back"
        "Tạo khóa mới và xin chứng thư mới thay cho {thumbprint}." "Issue a new key and certificate in place of {thumbprint}.";
    PointTaken "point-taken" 409 "Điểm tiếp nhận thuộc đơn vị khác" "The point belongs to another tenant"
        "Mã điểm tiếp nhận {point} đã có đơn vị khác dùng; dùng mã khác." "The key {point} is another tenant's; use another key.";
    CodesNotAnAgency "codes-not-an-agency" 422 "Chỉ cơ quan mới có mã số hồ sơ riêng" "Only agencies have codes of their own"
        "{tenant} không phải cơ quan giải quyết. Bỏ codes, hoặc đặt cho agency.…." "{tenant} is no agency that decides dossiers. Remove codes, or set them for agency.…";
    CodesUnitOther "codes-unit-other" 422 "Mã định danh không phải của cơ quan" "The identifier is not the agency's"
        "Mã số hồ sơ bắt đầu bằng mã định danh của cơ quan có thẩm quyền (khoản 2 Điều 28 Nghị định 118/2025/NĐ-CP); {unit} không phải của {agency}. Danh mục đang ghi: {own}. Dùng một mã trong đó, hoặc sửa danh mục trước." "A dossier code begins with the identifier of the competent agency (Decree 118/2025 art. 28.2); {unit} is not that of {agency}. The directory has: {own}. Use one of these, or correct the directory first.";

    // one dossier, once
    ReferenceContentDiffers "reference-content-differs" 409 "Số tham chiếu đã dùng cho nội dung khác" "The reference was used for other content"
        "Hồ sơ này đã được tiếp nhận; trước khi có quyết định, gửi đề nghị sửa đổi (changes) kèm giấy tờ (Điều 21 Nghị định 118/2025/NĐ-CP)." "The dossier is already accepted; before the decision, ask for the change with its papers (changes; Decree 118/2025 art. 21).";
    ReferenceEnded "reference-ended" 409 "Số tham chiếu của hồ sơ đã kết thúc" "The reference is that of a dossier that has ended"
        "Hồ sơ mang số này đã kết thúc (trạng thái {status}); gửi hồ sơ khác với số tham chiếu mới." "The dossier of this reference has ended (status {status}); file another one under a new reference.";
    DossierCodeTaken "dossier-code-taken" 409 "Mã số hồ sơ đã có" "The dossier code is already known"
        "Mã số hồ sơ này đã thuộc một hồ sơ khác nên không được gắn cho hồ sơ này; kiểm tra lại mã." "This official code belongs to another dossier and was not given to this one; check the code.";
    DossierCodeAmbiguous "dossier-code-ambiguous" 409 "Nhiều hồ sơ cùng khai mã số này" "Several dossiers claim this code"
        "Báo lại bằng mã theo dõi dos_… của đúng hồ sơ, kèm assigned_code; việc đó xác nhận mã cho hồ sơ ấy." "Report again by the tracking id dos_… of the right dossier, with assigned_code; that settles whose the code is.";

    // files that travel apart
    DigestMismatch "digest-mismatch" 422 "Nội dung tệp không khớp mã băm" "The file does not have this digest"
        "Tệp nhận được có SHA-256 {sha256}; kiểm tra tệp rồi gửi lại." "What arrived has the SHA-256 {sha256}; check the file and send it again.";
    ContentMalformed "content-malformed" 422 "Nội dung tệp không phải base64" "The content of the file is not base64"
        "{field} phải là nội dung tệp mã hóa base64 (bảng chữ chuẩn A–Z a–z 0–9 + /, không có data:…). Mã hóa lại cả tệp, hoặc tải tệp lên trước rồi chỉ ghi SHA-256." "{field} must be the file in base64 (the standard alphabet A–Z a–z 0–9 + /, without data:…). Encode the whole file again, or upload it first and write its SHA-256 alone.";
    ContentTooLarge "content-too-large" 422 "Nội dung tệp trong hồ sơ quá lớn" "The files in the document are too large"
        "{field}: trong một hồ sơ nhiều nhất {files} tệp có nội dung, mỗi tệp {limit} byte, tất cả {all} byte. Tải tệp lên /v1/blobs/… trước, trong hồ sơ chỉ ghi SHA-256." "{field}: one document holds the content of at most {files} files, {limit} bytes each and {all} bytes in all. Upload the file to /v1/blobs/… first, and write its SHA-256 alone.";
    FileTooLarge "file-too-large" 413 "Tệp quá lớn" "The file is too large"
        "Mỗi tệp nhiều nhất {limit} byte; hãy chia nhỏ hoặc nén tệp." "A file has at most {limit} bytes; divide or compress it.";
    UploadQuota "upload-quota" 429 "Quá nhiều tệp chưa gắn hồ sơ" "Too many files without a dossier"
        "Đơn vị được gửi trước nhiều nhất {limit} byte; gửi hồ sơ có các tệp này hoặc đợi tệp cũ hết hạn, rồi gửi lại sau {retry_after} giây." "A tenant may send {limit} bytes ahead of its dossiers; file the dossiers that name them, or wait for old ones to expire, and try again after {retry_after} seconds.";
    AttachmentMissing "attachment-missing" 409 "Tệp chưa được tải lên" "The file has not been uploaded"
        "Hồ sơ có nêu tệp này; đơn vị gửi phải tải tệp lên địa chỉ /v1/blobs/{sha256}." "The dossier names this file; its sender must upload it to /v1/blobs/{sha256}.";
    RangeNotSatisfiable "range-not-satisfiable" 416 "Tệp không có đoạn này" "The file has no such range"
        "Tệp có {size} byte; sửa tiêu đề Range." "The file has {size} bytes; correct the Range header.";
    FilesUnavailable "files-unavailable" 503 "Kho tệp tạm thời không sẵn sàng" "The store of files is not available"
        "Tệp chưa được nhận. Đợi {retry_after} giây rồi gửi lại." "The file was not taken. Wait {retry_after} seconds and send it again.";

    // what may happen to a dossier
    StatusFinal "status-final" 409 "Hồ sơ đã kết thúc" "The dossier has ended"
        "Hồ sơ ở trạng thái {status}, không nhận thay đổi." "The dossier is in status {status} and takes no change.";
    TransitionNotAllowed "transition-not-allowed" 409 "Không chuyển được trạng thái" "This change of status is not allowed"
        "Theo quy định, trạng thái {from} không được chuyển sang {to}; bên báo được chuyển sang: {allowed}." "The rules do not allow {from} to become {to}; its sender may make it: {allowed}.";
    ActorNotAllowed "actor-not-allowed" 409 "Việc này phải do bên khác thực hiện" "Another party must do this"
        "Việc chuyển trạng thái {from} sang {to} phải do bên này thực hiện: {actors}." "The change from {from} to {to} belongs to: {actors}.";
    ReasonRequired "reason-required" 422 "Thiếu lý do" "A reason is required"
        "Trạng thái {to} phải kèm lý do: gửi lại kèm lý do." "Status {to} must come with its reason: send it again with one.";
    DetailsMisplaced "details-misplaced" 422 "Danh sách không đi với trạng thái này" "The list belongs to another status"
        "Chỉ gửi {field} cùng trạng thái {expected}." "Send {field} with status {expected} only.";
    StatusWordSilent "status-word-silent" 422 "Từ không ứng với trạng thái nào" "The word means none of the statuses"
        "{field} là từ mà định dạng biết và không ứng với trạng thái nào: hồ sơ giữ nguyên, không cần gửi lại." "{field} holds a word that the format knows and that means none of the statuses: the dossier stays as it is, nothing needs to be sent again.";
    StatusWordUnknown "status-word-unknown" 422 "Không hiểu trạng thái" "The status word is not known"
        "Giữ nguyên trạng thái hồ sơ; dùng một trong: {expected}." "The dossier stays as it is; use one of: {expected}.";
    SupplementRepeated "supplement-repeated" 409 "Yêu cầu bổ sung lần nữa" "A second request for a supplement"
        "Chỉ được yêu cầu bổ sung một lần, nêu đầy đủ (điểm c khoản 2 Điều 11 và khoản 3 Điều 16 Nghị định 118/2025/NĐ-CP). Việc này vẫn được ghi nhận, có đánh dấu trái quy định; không gửi lại." "A supplement may be asked for once, completely (Decree 118/2025 arts. 11.2c and 16.3). It was applied and flagged as irregular; do not send it again.";
    SupplementLate "supplement-late" 409 "Yêu cầu bổ sung quá muộn" "A request for a supplement that comes late"
        "Yêu cầu bổ sung phải gửi trong thời hạn kể từ khi nhận hồ sơ (khoản 5 Điều 19 Nghị định 118/2025/NĐ-CP). Việc này vẫn được ghi nhận, có đánh dấu trái quy định; không gửi lại." "A supplement must be asked for within its limit after the dossier was received (Decree 118/2025 art. 19.5). It was applied and flagged as irregular; do not send it again.";
    SupplementNotOverdue "supplement-not-overdue" 409 "Đóng hồ sơ trước hạn bổ sung" "Closed before the supplement's limit"
        "Hồ sơ chỉ được đóng khi quá hạn bổ sung (khoản 5 Điều 19 Nghị định 118/2025/NĐ-CP). Việc này vẫn được ghi nhận, có đánh dấu trái quy định; không gửi lại." "A dossier is closed only after the supplement's limit (Decree 118/2025 art. 19.5). It was applied and flagged as irregular; do not send it again.";
    WithdrawalTooLate "withdrawal-too-late" 409 "Đã có kết quả, không rút được nữa" "Too late to withdraw"
        "Chỉ rút được trước khi có quyết định (Điều 21 Nghị định 118/2025/NĐ-CP); hãy nhận kết quả ở nơi đã nộp." "A dossier is withdrawn before the decision only (Decree 118/2025 art. 21); collect the result where it was filed.";
    ClockNotRunning "clock-not-running" 409 "Không có hạn đang chạy" "No time limit is running"
        "Hồ sơ ở trạng thái {status}; việc này chỉ làm khi hồ sơ đã tiếp nhận (2) hoặc đang xử lý (4)." "The dossier is in status {status}; this is done only while it is accepted (2) or being processed (4).";
    MomentPassed "moment-passed" 422 "Thời điểm đã qua" "The moment has passed"
        "{field} phải sau lúc này, {now}." "{field} must lie after this moment, {now}.";
    DueOutOfRange "due-out-of-range" 422 "Hạn mới không hợp lệ" "The new due date is out of range"
        "Hạn mới phải sau hạn cũ {due}, nhiều nhất {limit} ngày." "The new due date must be after the old one, {due}, by at most {limit} days.";
    PostponementRepeated "postponement-repeated" 409 "Gia hạn lần nữa" "A second postponement"
        "Chỉ được gia hạn một lần (khoản 6 Điều 19 Nghị định 118/2025/NĐ-CP). Việc này vẫn được ghi nhận, có đánh dấu trái quy định; không gửi lại." "A due date may be moved once (Decree 118/2025 art. 19.6). It was applied and flagged as irregular; do not send it again.";
    PostponementLate "postponement-late" 409 "Gia hạn muộn" "A late postponement"
        "Phải báo gia hạn chậm nhất {limit} trước hạn (khoản 6 Điều 19 Nghị định 118/2025/NĐ-CP). Việc này vẫn được ghi nhận, có đánh dấu trái quy định; không gửi lại." "It must be told at the latest {limit} before the due date (Decree 118/2025 art. 19.6). It was applied and flagged as irregular; do not send it again.";
    ResultMissing "result-missing" 409 "Chưa có kết quả để đính chính" "There is no result to correct"
        "Hồ sơ ở trạng thái {status}; báo kết quả bằng trạng thái 9." "The dossier is in status {status}; report its result with status 9.";
    CorrectionLate "correction-late" 409 "Đính chính kết quả muộn" "A late correction"
        "Kết quả có sai sót phải được đính chính trong {limit} (khoản 1 Điều 23 Nghị định 118/2025/NĐ-CP). Việc này vẫn được ghi nhận, có đánh dấu trái quy định; không gửi lại." "A wrong result is corrected within {limit} (Decree 118/2025 art. 23.1). It was applied and flagged as irregular; do not send it again.";
    ChangeTooLate "change-too-late" 409 "Đã có kết quả, không sửa đổi được nữa" "Too late to ask for a change"
        "Hồ sơ ở trạng thái {status}; chỉ đề nghị sửa đổi được trước khi có quyết định (Điều 21 Nghị định 118/2025/NĐ-CP)." "The dossier is in status {status}; a change is asked for before the decision only (Decree 118/2025 art. 21).";
    ResultNotEarly "result-not-early" 422 "Không sớm hơn hạn trả kết quả" "Not before the due date"
        "Hạn trả kết quả là {due}; chỉ báo trả sớm với thời điểm trước hạn đó." "The result is due at {due}; tell of an early result with a moment before it.";
    OpinionUnknown "opinion-unknown" 409 "Không có ý kiến đang chờ này" "There is no such open opinion"
        "Hồ sơ không chờ ý kiến số {number}; xem opinions của hồ sơ." "The dossier waits for no opinion {number}; see its opinions.";
    TaskUnknown "task-unknown" 409 "Không có nhiệm vụ này" "There is no such task"
        "Đơn vị không có nhiệm vụ số {task} của hồ sơ này đang chờ thực hiện (0: không nhiệm vụ nào); xem tasks của hồ sơ." "You have no task {task} of this dossier in hand (0: none at all); see its tasks.";
    TaskSettled "task-settled" 409 "Nhiệm vụ đã được báo kết quả" "The task is settled already"
        "Nhiệm vụ số {task} đã được báo kết quả; mỗi nhiệm vụ báo một lần. Nếu nội dung thay đổi, liên hệ cơ quan chủ trì hoặc đề nghị người vận hành giao lại nhiệm vụ." "Task {task} was reported before, and a task is settled once. If something has changed, tell the lead agency, or ask the operator to give the task out again.";
    TaskOfLead "task-of-lead" 409 "Đây là nhiệm vụ của cơ quan chủ trì" "The task is the lead agency's"
        "Nhiệm vụ số {task} theo cơ quan chủ trì; để đổi cơ quan chủ trì, phân công lại hồ sơ." "Task {task} goes with the lead agency; to change the lead agency, assign the dossier.";
    CoAgencyStatus "co-agency-status" 409 "Trạng thái này do cơ quan chủ trì báo" "This status is the lead agency's to report"
        "Cơ quan phối hợp chỉ báo nhiệm vụ của mình: 2 hoặc 4 (đang thực hiện), 9 (đã xong), 3 hoặc 9 kèm refusal (không thực hiện được, nêu lý do). Trạng thái {status} làm hồ sơ chuyển bước; đề nghị cơ quan chủ trì thực hiện." "A co-agency reports its own task only: 2 or 4 (working on it), 9 (done), 3 or 9 with refusal (it cannot be done, and why). Status {status} would move the dossier; ask the lead agency.";
    TasksOpen "tasks-open" 409 "Còn nhiệm vụ của cơ quan phối hợp chưa xong" "Tasks of co-agencies are still open"
        "Cơ quan chủ trì đã kết thúc giải quyết khi chưa có kết quả nhiệm vụ số {tasks}. Trạng thái vẫn được ghi nhận; kiểm tra các nhiệm vụ này trước khi trả kết quả." "The lead agency has decided while tasks {tasks} are not settled. The status was taken; look at these tasks before the result is given out.";
    FeeUnknown "fee-unknown" 409 "Nộp nhiều hơn số đã thu" "More is paid in than was collected"
        "Số đã thu chưa nộp là {amount} đồng; ghi nhận khoản thu, rồi làm lại." "{amount} đồng are collected and not paid in; record what was collected first.";
    LeaseLost "lease-lost" 409 "Hết hạn giữ bản tin" "The lease is over"
        "Bản tin đã được giao lại; lấy lại từ hộp thư." "The message was handed out again; fetch it from the inbox.";

    DossierNotFiled "dossier-not-filed" 422 "Hồ sơ chưa có ở cổng" "The dossier is not known here"
        "Trạng thái {status} chỉ báo được cho hồ sơ cổng đã có. Gửi hồ sơ này với trạng thái 1 hoặc 2, cùng số tham chiếu, rồi báo lại." "Status {status} is told of a dossier the hub knows. File it first with status 1 or 2, under the same reference.";

    // how a submitter is told
    SubscriptionMissing "subscription-missing" 404 "Chưa đăng ký nhận thông báo bằng cách này" "There is no such subscription"
        "Đăng ký bằng PUT /v1/subscription với way là {way}, rồi làm lại." "Subscribe first: PUT /v1/subscription with way {way}.";
    SubscriptionEnding "subscription-ending" 409 "Hàng đợi cũ chưa được đọc hết" "The old queue is not drained yet"
        "Đọc hết hàng đợi {queue}, đóng kết nối, đợi vài giây rồi đăng ký lại." "Read the queue {queue} to its end, close the connection, wait a few seconds and subscribe again.";
    WebhookUrlRefused "webhook-url-refused" 422 "Địa chỉ webhook không dùng được" "The webhook's address cannot be used"
        "Gửi {field} dạng https://…, nhiều nhất {limit} byte, không kèm tên đăng nhập, mật khẩu và #." "Send {field} as https://…, at most {limit} bytes, without user, password and fragment.";
    QueueUnavailable "queue-unavailable" 409 "Cổng này không có hàng đợi riêng" "This hub has no queues of one's own"
        "Cổng chạy không có RabbitMQ; dùng webhook, hoặc đọc GET /v1/events." "This hub runs without RabbitMQ; use a webhook, or read GET /v1/events.";

    // what comes by the broker
    SenderUnvouched "sender-unvouched" 403 "RabbitMQ không bảo đảm ai đã gửi bản tin" "The broker does not vouch for the sender"
        "Đặt thuộc tính user-id của bản tin đúng tài khoản đã đăng nhập, là {expected}, rồi gửi lại." "Set the message's property user-id to the user you are logged in as, {expected}, and send it again.";
    BodyUnreadable "body-unreadable" 415 "Không lấy được nội dung bản tin" "The message has no body that can be taken out"
        "Gửi nội dung ở dạng data (byte), hoặc dùng AMQP 0-9-1: {reason}." "Send the body as data (bytes), or speak AMQP 0-9-1: {reason}.";
    MessageAstray "message-astray" 404 "Bản tin không thuộc về ai" "The message belongs nowhere"
        "Nằm ở hàng đợi thư chết mà không phải của cổng gửi hay cơ quan báo; tìm xem ai đã gửi." "It lay among the dead letters and is neither the hub's nor an agency's; find out who sent it.";
    BrokerUnavailable "broker-unavailable" 503 "Bộ chuyển bản tin tạm thời không sẵn sàng" "The broker is not available"
        "Kiểm tra RabbitMQ rồi thử lại." "Look at RabbitMQ, then try again.";

    // warnings
    IdentityPrefixUnknown "identity-prefix-unknown" 422 "Ba số đầu của số định danh không có trong bảng mã" "The identity number's prefix is not known"
        "Kiểm tra lại giấy tờ; người đăng ký khai sinh ở nước ngoài có ba số đầu khác." "Check the paper; people born abroad have other prefixes.";
    IdentityBirthMismatch "identity-birth-mismatch" 422 "Số định danh không khớp ngày sinh" "The identity number and the birth date disagree"
        "Kiểm tra lại ngày sinh và số định danh của {field}." "Check the birth date and the identity number of {field}.";
    IdentitySexMismatch "identity-sex-mismatch" 422 "Số định danh không khớp giới tính" "The identity number and the sex disagree"
        "Kiểm tra lại giới tính và số định danh của {field}." "Check the sex and the identity number of {field}.";
    IdentityCardOld "identity-card-old" 422 "CMND 9 số đã hết giá trị" "A 9-digit card is no longer valid"
        "Đề nghị người nộp cung cấp số định danh 12 số; CMND hết giá trị sử dụng sau ngày 31/12/2024." "Ask for the 12-digit number; the old card lost its validity after 2024-12-31.";
    PossibleDuplicate "possible-duplicate" 422 "Có thể trùng hồ sơ đã gửi" "Possibly filed before"
        "Một hồ sơ cùng thủ tục, cùng người, cùng ngày và cùng nội dung đã có; hỏi lại người nộp; nếu trùng thì rút một hồ sơ." "A dossier of the same procedure, person, day and content is already known; ask the applicant, and withdraw one if they are the same.";
    DefaultSuccessor "default-successor" 422 "Đã dùng đơn vị kế thừa mặc định" "The default successor was used"
        "Đơn vị cũ {former} nay thuộc nhiều đơn vị: {candidates}; đã lấy {taken}. Nếu không đúng, ghi mã đơn vị đúng." "The former commune {former} is now part of several: {candidates}; {taken} was taken. If that is wrong, state the right one's code.";
    AuthorisationMissing "authorisation-missing" 422 "Thiếu giấy ủy quyền" "No authorisation paper"
        "Hồ sơ do người được ủy quyền nộp nhưng không có giấy ủy quyền (điểm c khoản 2 Điều 6 Nghị định 118/2025/NĐ-CP); bổ sung giấy ủy quyền." "An authorised person files, and no authorisation is among the papers (Decree 118/2025 art. 6.2c); add it.";
    DossierCodeContested "dossier-code-contested" 422 "Hồ sơ khác cũng khai mã số này" "Another dossier claims this code too"
        "Mã {code} chưa được xác nhận cho hồ sơ này; kiểm tra lại mã. Cơ quan giải quyết sẽ xác nhận." "The code {code} is not confirmed for this dossier; check it. The agency will settle whose it is.";
    ContentKept "content-kept" 422 "Nội dung đã tiếp nhận được giữ nguyên" "What was accepted stays as it was filed"
        "{fields} khác lần gửi trước. Hồ sơ đã tiếp nhận nên nội dung giữ nguyên; giá trị mới được giữ cùng trạng thái mới, nếu có." "{fields} differ from what was sent before. The dossier is accepted, so its content stays; the new values are kept with the new status, if there is one.";
    StatusReasonMissing "status-reason-missing" 422 "Trạng thái không kèm lý do" "The status comes without its reason"
        "Trạng thái {status} cần lý do cho người dân: điền {field}." "Status {status} needs a reason that the citizen can read: fill in {field}.";
    DossierCodeDay "dossier-code-day" 422 "Mã số hồ sơ ghi ngày chưa tới" "The dossier code names a day to come"
        "Mã {code} ghi ngày {date}, sau ngày nhận {today}, nên không được dùng; kiểm tra lại mã." "The code {code} names {date}, after the day of receipt {today}, and is not used; check it.";
    DossierCodeUnitUnknown "dossier-code-unit-unknown" 422 "Không có đơn vị ghi trong mã số hồ sơ" "The unit in the dossier code is not known"
        "Đơn vị {unit} trong mã {code} không có trong danh mục ngày {date}; kiểm tra lại mã." "The unit {unit} in the code {code} is not in the catalogue on {date}; check the code.";
    DossierCodeUnitOther "dossier-code-unit-other" 422 "Mã số hồ sơ ghi cơ quan khác" "The dossier code names another agency"
        "Mã {code} mang đơn vị {unit} của {name}, không phải của cơ quan giải quyết hồ sơ (khoản 2 Điều 28 Nghị định 118/2025/NĐ-CP); kiểm tra lại mã." "The code {code} carries the unit {unit} of {name}, which is not the agency responsible (Decree 118/2025 art. 28.2); check the code.";
    DossierCodeDiffers "dossier-code-differs" 422 "Hồ sơ đã có mã số khác" "The dossier has another code"
        "Hồ sơ đã có mã {code} do cơ quan xác nhận; mã vừa khai không được dùng." "The agency has confirmed the code {code}; the one now claimed is not used.";
    TextCleaned "text-cleaned" 422 "Đã bỏ ký tự không nhìn thấy" "What cannot be seen was taken out"
        "{field} có ký tự không nhìn thấy hoặc xuống dòng; cổng đã bỏ đi. Kiểm tra phần mềm đã ghi trường này." "{field} held characters that cannot be seen, or line breaks; the hub took them out. Check the program that wrote it.";
    BirthInFuture "birth-in-future" 422 "Ngày sinh ở tương lai" "The birth date lies in the future"
        "Kiểm tra lại ngày sinh ở {field}." "Check the birth date in {field}.";
    TaxCodeMissing "tax-code-missing" 422 "Tổ chức không có mã số thuế" "An organisation without a tax code"
        "Đề nghị người nộp cung cấp mã số thuế và điền vào {field}; cơ quan có thể cần để xác định tổ chức." "Ask for the tax code and fill in {field}; the agency may need it to know the organisation.";
    ProcedureNameDiffers "procedure-name-differs" 422 "Tên thủ tục không phải của mã này" "The procedure's name is another's"
        "{field} khác hẳn tên của thủ tục {procedure}: {name}. Kiểm tra mã thủ tục; cổng xác định cơ quan theo mã." "{field} is quite another name than that of the procedure {procedure}: {name}. Check the code; the agency is decided by it.";
    FileSizeDiffers "file-size-differs" 422 "Dung lượng tệp khác khai báo" "The file has another size"
        "Khai báo {said} byte, tệp đã tải lên có {size} byte; mã băm quyết định tệp nào. Kiểm tra có đúng tệp không." "{said} bytes were said, the uploaded file has {size}; the digest decides which file it is. Check that it is the right one.";
    FileLocationUnusable "file-location-unusable" 422 "Không lấy được tệp ở địa chỉ này" "The file cannot be fetched there"
        "{field} không phải địa chỉ http hoặc https; cơ quan không lấy được tệp. Tải tệp lên cổng, hoặc ghi địa chỉ đầy đủ." "{field} is no http or https address, so the agency cannot fetch the file. Upload the file, or write its whole address.";
    DossierCodeMistyped "dossier-code-mistyped" 422 "Mã số hồ sơ viết sai" "The official code is mistyped"
        "{field} có dạng mã số hồ sơ nhưng không thể là mã thật (ngày không có, thiếu chữ số, chữ thường); cổng không coi là mã số hồ sơ. Kiểm tra lại." "{field} looks like an official dossier code and can be none (no such day, a digit missing, small letters); it is not taken for one. Check it.";
    IdentityContradicted "identity-contradicted" 422 "Hai số định danh khác nhau" "Two identity numbers disagree"
        "{field} khác {other}; cổng giữ cả hai và coi {other} là số định danh. Kiểm tra giấy tờ." "{field} differs from {other}; the hub keeps both and takes {other} for the identity number. Check the papers.";
    IdentityKindAssumed "identity-kind-assumed" 422 "Loại giấy tờ do cổng suy ra" "What paper this is was assumed"
        "{field} có dạng số định danh (12 số) hoặc CMND (9 số) nên cổng coi là như vậy, dù loại giấy tờ không ghi hoặc ghi khác. Kiểm tra giấy tờ." "{field} has the form of an identity number (12 digits) or of a 9-digit card and is taken for it, though what paper it is is not said, or said otherwise. Check the paper.";
    IdentityKindUnknown "identity-kind-unknown" 422 "Không rõ loại giấy tờ" "What paper this is is not said"
        "{field} không phải số định danh 12 số hay CMND 9 số; cổng giữ như một giấy tờ khác. Ghi loại giấy tờ nếu biết." "{field} is no 12-digit identity number and no 9-digit card; the hub keeps it as another paper. Say which paper it is, where known.";
    AcceptanceNotTaken "acceptance-not-taken" 422 "Chưa ghi nhận việc tiếp nhận" "The acceptance was not taken over"
        "Chỉ Bộ phận Một cửa hoặc cơ quan giải quyết được tiếp nhận; hồ sơ ở trạng thái {status} và chờ họ." "Only the one-stop unit or the responsible agency accepts; the dossier is in status {status} and waits for them.";
    StatusKept "status-kept" 422 "Trạng thái gửi kèm không đổi hồ sơ" "The status sent with it changes nothing"
        "Hồ sơ ở trạng thái {status}; trạng thái {reported} gửi kèm chỉ được lưu. Nếu {reported} mới đúng, hãy làm bước đó bằng chức năng riêng." "The dossier is in status {status}; {reported}, sent with it, is only kept. If {reported} is right, take that step by its own verb.";
    ChannelKept "channel-kept" 422 "Kênh nộp không đổi" "The channel does not change"
        "Hồ sơ đã được gửi theo kênh {channel}; {sent} không được dùng. Nếu nhầm kênh thì rút hồ sơ và gửi lại." "The dossier was filed through {channel}; {sent} is not used. If that was wrong, withdraw it and file it again.";
    DueDiffers "due-differs" 422 "Ngày hẹn trả kết quả khác ngày theo thời hạn" "The printed date is not the one the limit gives"
        "Giấy tiếp nhận hồ sơ và hẹn trả kết quả ghi {promised}, theo thời hạn của thủ tục là {due}. Với người dân, ngày trên giấy là ngày hẹn; kiểm tra lại giấy, hoặc thời hạn trong danh mục." "The receipt says {promised}; the procedure's limit gives {due}. Towards the applicant the receipt holds; check the receipt, or the limit in the directory.";
    PromiseEarly "promise-early" 422 "Ngày hẹn trả kết quả trước ngày nhận" "The promised date is before the receipt"
        "{field} trước ngày nhận hồ sơ nên không được dùng; kiểm tra lại Giấy tiếp nhận hồ sơ và hẹn trả kết quả." "{field} lies before the dossier was received and is not used; check the receipt.";
    ReceiptEarly "receipt-early" 422 "Ngày tiếp nhận trước ngày nộp" "Received before it was filed"
        "{field} trước ngày nộp; thời hạn tính từ ngày nộp. Kiểm tra lại hai ngày." "{field} lies before the filing; limits count from the filing. Check both dates.";
    DossierCodeIssuedHere "dossier-code-issued-here" 422 "Mã số hồ sơ do cổng cấp" "The hub gives the dossier code"
        "Mã {code} không trở thành mã của hồ sơ: mã số hồ sơ của cơ quan này do cổng cấp khi tiếp nhận. Dùng mã ở dossier_code." "{code} does not become the dossier's code: the hub gives the codes of this agency when it accepts. Use the code in dossier_code.";
    DossierCodesUsedUp "dossier-codes-used-up" 422 "Ngày này đã hết số" "The numbers of the day are used up"
        "Đã cấp đến số {last} của ngày {date} nên hồ sơ được tiếp nhận mà chưa có mã; báo người vận hành cổng." "The numbers of {date} are given up to {last}: the dossier is accepted without a code; tell the hub's operator.";

    // what a document means
    DatesOutOfOrder "dates-out-of-order" 422 "Ngày không theo thứ tự" "The dates are not in order"
        "{field} sớm hơn {other}; kiểm tra lại hai ngày." "{field} lies before {other}; check both dates.";
    FeesTotalDiffers "fees-total-differs" 422 "Tổng phí, lệ phí không khớp" "The total of the fees does not add up"
        "{field} ghi {total} đồng, nhưng các khoản phí, lệ phí cộng lại là {sum} đồng; sửa tổng hoặc sửa các khoản." "{field} says {total} đồng, and the fees add up to {sum} đồng; correct the total or the fees.";
    FeeOutOfRange "fee-out-of-range" 422 "Mức phí, lệ phí không phù hợp" "The amount of a fee is not in its range"
        "{field} phải từ {least} đến {most} đồng; kiểm tra lại mức thu." "{field} must be from {least} to {most} đồng; check the amount.";
    PaperMissing "paper-missing" 422 "Thiếu thành phần hồ sơ" "A paper of the dossier is missing"
        "Hồ sơ chưa có “{paper}”; bổ sung giấy tờ này vào thành phần hồ sơ." "“{paper}” is not among the papers; add it.";
    CopiesFew "copies-few" 422 "Thành phần hồ sơ thiếu bản" "Too few copies of a paper"
        "“{paper}” cần ít nhất {least} {copies}; bổ sung cho đủ, hoặc sửa số bản đã ghi." "“{paper}” needs {least} {copies} at least; add what is missing, or correct the number.";
    FieldNeeded "field-needed" 422 "Thiếu trường phải có" "A field is needed"
        "Điền {field}: phải có trường này khi {condition}." "Fill in {field}: it is needed where {condition}.";
    FieldUnfit "field-unfit" 422 "Trường không phù hợp" "A field does not fit"
        "Bỏ {field}, hoặc sửa trường kia: không dùng trường này khi {condition}." "Remove {field}, or correct the other field: it does not go where {condition}.";
}
