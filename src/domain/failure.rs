//! Why a message could not be carried, whose matter that is, and what to do about it: one closed list.
//!
//! A carrier turns whatever went wrong into one [`Failure`]; `delivery::retry` reads off it how long to be patient, and a person
//! reads off it what to mend. A word never changes once published.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rejection::Language;

/// Whose matter a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// Whoever runs the endpoint or the queue the message goes to.
    Receiver,
    /// Whoever keeps the adapter of the receiver's format.
    Mapping,
    /// Whoever runs the hub.
    Hub,
    /// Whoever filed the document.
    Sender,
}

impl Owner {
    /// The stable word.
    pub const fn word(self) -> &'static str {
        match self {
            Owner::Receiver => "receiver",
            Owner::Mapping => "mapping",
            Owner::Hub => "hub",
            Owner::Sender => "sender",
        }
    }
}

/// How far waiting helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hope {
    /// The broker itself is away; it comes back, and what waits for it waits as long as it takes.
    Broker,
    /// It passes by itself: an endpoint that is slow, busy or down.
    Passes,
    /// Somebody must mend something first, and may be quick.
    Mended,
    /// Something is missing on our own side; soon there, or not at all.
    Missing,
    /// The message itself is not wanted; asking again hardly helps.
    Wrong,
    /// None: it was ended on purpose.
    None,
}

/// What is the same each time.
struct FailureText {
    word: &'static str,
    owner: Owner,
    hope: Hope,
    title_vi: &'static str,
    title_en: &'static str,
    advice_vi: &'static str,
    advice_en: &'static str,
}

macro_rules! failures {
    ($($name:ident $word:literal $owner:ident $hope:ident $tv:literal $te:literal $av:literal $ae:literal;)*) => {
        /// Why a message could not be carried.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Failure { $(#[doc = $te] #[serde(rename = $word)] $name,)* }

        impl Failure {
            /// Every failure.
            pub const ALL: &'static [Failure] = &[$(Failure::$name,)*];

            const fn text(self) -> &'static FailureText {
                match self {
                    $(Failure::$name => &FailureText {
                        word: $word, owner: Owner::$owner, hope: Hope::$hope,
                        title_vi: $tv, title_en: $te, advice_vi: $av, advice_en: $ae,
                    },)*
                }
            }
        }
    };
}

failures! {
    // the receiver's endpoint
    Unreachable "unreachable" Receiver Passes "Không kết nối được" "The endpoint cannot be reached"
        "Kiểm tra máy chủ nhận có chạy, tên miền và tường lửa có đúng không; cổng tự gửi lại."
        "Check that the endpoint runs, and its name and firewall; the hub tries again by itself.";
    Slow "slow" Receiver Passes "Trả lời quá chậm" "The endpoint does not answer in time"
        "Nhận bản tin rồi trả lời 2xx ngay, xử lý sau; cổng tự gửi lại."
        "Take the message, answer 2xx at once and work on it afterwards; the hub tries again by itself.";
    Cut "cut" Receiver Passes "Đường truyền bị ngắt giữa chừng" "The endpoint closed the connection before it answered"
        "Xem nhật ký của máy chủ nhận lúc này; cổng tự gửi lại, bên nhận loại trùng theo mã sự kiện."
        "Look into the endpoint's log of that moment; the hub tries again, and the receiver deduplicates by event id.";
    Busy "busy" Receiver Passes "Bên nhận đang bận" "The receiver asks to wait"
        "Không phải làm gì; cổng đợi theo Retry-After rồi gửi lại." "Nothing to do; the hub waits as Retry-After says and tries again.";
    Failing "failing" Receiver Passes "Bên nhận bị lỗi" "The receiver has an error of its own"
        "Xem nhật ký của máy chủ nhận; cổng tự gửi lại." "Look into the endpoint's log; the hub tries again by itself.";
    CertificateRefused "certificate-refused" Receiver Mended "Chứng thư của bên nhận không được tin" "The endpoint's certificate is not trusted"
        "Thay chứng thư hết hạn, sai tên hoặc sai tổ chức cấp; rồi yêu cầu gửi lại."
        "Replace a certificate that has expired or has another name or issuer; then have it sent again.";
    Denied "denied" Receiver Mended "Bên nhận từ chối cổng" "The receiver does not let the hub in"
        "Bên nhận trả 401 hoặc 403: kiểm tra khóa ký và việc kiểm tra chữ ký; rồi yêu cầu gửi lại."
        "The receiver answers 401 or 403: check its secret and how it verifies the signature; then have it sent again.";
    NotThere "not-there" Receiver Mended "Địa chỉ nhận không tồn tại" "There is nothing at the endpoint's address"
        "Bên nhận trả 404, 405 hoặc 410: đặt lại địa chỉ nhận; rồi yêu cầu gửi lại."
        "The receiver answers 404, 405 or 410: set the endpoint anew; then have it sent again.";
    Redirected "redirected" Receiver Mended "Bên nhận chuyển hướng" "The endpoint redirects"
        "Cổng không đi theo chuyển hướng: đặt thẳng địa chỉ cuối cùng." "The hub follows no redirect: set the final address itself.";
    NeverSettled "never-settled" Receiver Wrong "Đã lấy nhiều lần nhưng không xác nhận" "It was taken again and again and never settled"
        "Xem chương trình nhận hỏng ở đâu với bản tin này; rồi yêu cầu gửi lại."
        "Find out where the receiving program fails with this message; then have it sent again.";
    RefusesEverything "refuses-everything" Receiver Mended "Bên nhận từ chối mọi bản tin" "The receiver refuses every message"
        "Lỗi không ở bản tin: xem tường lửa, proxy hoặc máy chủ nhận (mã trả lời nằm ở từng lần gửi); cổng tự gửi lại hết khi bên nhận nhận được một bản tin."
        "No message is at fault: look at the firewall, proxy or server of the receiver (each attempt has its status); the hub sends everything again by itself once one is taken.";
    SentBack "sent-back" Receiver Wrong "Bên nhận trả lại" "The receiver sent it back"
        "Đọc lý do bên nhận nêu, thống nhất với họ; rồi yêu cầu gửi lại."
        "Read the receiver's reason and settle it with them; then have it sent again.";

    // what is carried
    DocumentRefused "document-refused" Sender Wrong "Bên nhận không nhận nội dung hồ sơ" "The receiver refuses what the document says"
        "Bên nhận trả 409 hoặc 422: đơn vị gửi sửa hồ sơ (bản sửa tự được chuyển đi), hoặc thống nhất với bên nhận rồi yêu cầu gửi lại."
        "The receiver answers 409 or 422: the sender amends the dossier, which is carried by itself, or settle it with the receiver and have it sent again.";
    FormatRefused "format-refused" Mapping Wrong "Bên nhận không đọc được định dạng" "The receiver cannot read the format"
        "Bên nhận trả 400, 406, 413, 415 hoặc 4xx khác: so bộ chuyển đổi với đặc tả của bên nhận, sửa, rồi yêu cầu gửi lại."
        "The receiver answers 400, 406, 413, 415 or another 4xx: compare the adapter with the receiver's specification, mend it, then have it sent again.";
    Unrenderable "unrenderable" Mapping Missing "Không lập được bản tin" "The message cannot be rendered"
        "Xem nhật ký của cổng, sửa bộ chuyển đổi hoặc dữ liệu thiếu; rồi yêu cầu gửi lại."
        "Look into the hub's log, mend the adapter or what is missing; then have it sent again.";

    // the hub
    Unroutable "unroutable" Hub Missing "Không có hàng đợi của bên nhận" "The receiver has no queue"
        "Chạy lienthong doctor, khai báo lại hàng đợi; rồi yêu cầu gửi lại."
        "Run lienthong doctor and declare the queue again; then have it sent again.";
    BrokerAway "road-away" Hub Broker "Bộ chuyển bản tin không nhận" "The broker does not take it"
        "Kiểm tra RabbitMQ; cổng tự gửi lại, không mất gì." "Look at RabbitMQ; the hub tries again by itself, nothing is lost.";
    AddressForbidden "address-forbidden" Hub Mended "Địa chỉ nhận không được phép" "The endpoint's address is not allowed"
        "Tên miền dẫn tới địa chỉ nội bộ: người vận hành cho phép ở [outbound], hoặc bên nhận đặt địa chỉ công cộng."
        "The name leads to a private address: the operator allows it in [outbound], or the receiver sets a public one.";
    Withdrawn "withdrawn" Hub None "Bên nhận không còn giải quyết hồ sơ này" "The receiver is no longer responsible"
        "Không gửi lại được: hồ sơ đã chuyển cơ quan khác, và bản tin của cơ quan đó đã được gửi."
        "It cannot be sent again: another agency is responsible now and has a message of its own.";
    HeldByOperator "held-by-operator" Hub None "Người vận hành giữ lại" "An operator parked it"
        "Đọc lý do đã ghi; yêu cầu gửi lại khi lý do không còn." "Read the reason given; have it sent again once that is over.";
}

impl Failure {
    /// Every word, for those who check before they ask.
    pub const PATTERN: &'static str = "^(unreachable|slow|cut|busy|failing|certificate-refused|denied|not-there|redirected|never-settled|\
         refuses-everything|sent-back|document-refused|format-refused|unrenderable|unroutable|road-away|address-forbidden|\
         withdrawn|held-by-operator)$";

    /// The stable word.
    pub const fn word(self) -> &'static str {
        self.text().word
    }

    /// The failure of a word.
    pub fn parse(word: &str) -> Option<Failure> {
        Failure::ALL.iter().copied().find(|f| f.word() == word)
    }

    /// Whose matter it is.
    pub const fn owner(self) -> Owner {
        self.text().owner
    }

    /// How far waiting helps.
    pub const fn hope(self) -> Hope {
        self.text().hope
    }

    /// Whether it speaks of the endpoint as a whole and not of the one message: what a breaker counts.
    pub const fn is_of_the_endpoint(self) -> bool {
        matches!(
            self,
            Failure::Unreachable
                | Failure::Slow
                | Failure::Cut
                | Failure::Busy
                | Failure::Failing
                | Failure::CertificateRefused
                | Failure::Denied
                | Failure::NotThere
                | Failure::Redirected
                | Failure::AddressForbidden
        )
    }

    /// Whether the receiver answered and did not take the message. Whose fault that is shows only beside what it takes.
    pub const fn is_a_refusal(self) -> bool {
        matches!(
            self,
            Failure::DocumentRefused | Failure::FormatRefused | Failure::RefusesEverything
        )
    }

    /// What it is.
    pub const fn title(self, language: Language) -> &'static str {
        match language {
            Language::Vietnamese => self.text().title_vi,
            Language::English => self.text().title_en,
        }
    }

    /// What to do.
    pub const fn advice(self, language: Language) -> &'static str {
        match language {
            Language::Vietnamese => self.text().advice_vi,
            Language::English => self.text().advice_en,
        }
    }
}

/// A text that is no failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a failure's word")]
pub struct NotAFailure;

impl FromStr for Failure {
    type Err = NotAFailure;
    fn from_str(word: &str) -> Result<Self, NotAFailure> {
        Failure::parse(word).ok_or(NotAFailure)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_unique_kebab_case_and_parse_back() {
        for failure in Failure::ALL {
            assert_eq!(Failure::parse(failure.word()), Some(*failure));
            assert!(
                failure
                    .word()
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b == b'-')
            );
            assert_eq!(serde_json::to_value(failure).unwrap(), failure.word());
        }
    }

    #[test]
    fn the_pattern_is_every_word() {
        let words: Vec<&str> = Failure::ALL.iter().map(|f| f.word()).collect();
        assert_eq!(Failure::PATTERN, format!("^({})$", words.join("|")));
    }

    #[test]
    fn every_failure_says_what_to_do_in_both_languages() {
        for failure in Failure::ALL {
            for language in [Language::Vietnamese, Language::English] {
                assert!(!failure.title(language).ends_with('.'), "{failure}");
                assert!(failure.advice(language).ends_with('.'), "{failure}");
            }
        }
    }
}
