//! The canonical dossier: what a tenant files, whatever format it came in.
//!
//! [`Filing`] is only what the sender may say. Tenant, point, staff, agency and times of the hub's own come from authentication,
//! routing and the ledger. Its serde form is the canonical JSON, whose schema is `schema/canonical/dossier-v1.schema.json`.

mod foreign;
mod likeness;
pub mod limits;
mod party;

use serde::{Deserialize, Serialize};

pub use foreign::{ForeignCode, ForeignValue};
pub use party::{IdentityPaper, IdentityPaperKind, Party, PartyKind, Sex};

use super::codes::{CommuneCode, DistrictCode, DossierCode, Email, Phone, ProcedureCode};
use super::plausible::Dated;
use super::rejection::{Problem, problems};
use super::sha256::Sha256;
use super::status::Status;
use super::text::{Prose, Text, names};
use super::time::{Date, Timestamp};
use super::{absent, whole};

/// How it reached the office (`KenhThucHien`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// 1 trực tiếp: at a counter.
    Counter,
    /// 2 trực tuyến: online.
    Online,
    /// 3 bưu chính công ích: by post.
    Post,
}

impl Channel {
    /// The portal's number.
    pub const fn code(self) -> u8 {
        match self {
            Channel::Counter => 1,
            Channel::Online => 2,
            Channel::Post => 3,
        }
    }

    /// The channel of the portal's number.
    pub const fn of_code(code: u8) -> Option<Channel> {
        match code {
            1 => Some(Channel::Counter),
            2 => Some(Channel::Online),
            3 => Some(Channel::Post),
            _ => None,
        }
    }

    /// The word of the canonical form.
    pub const fn word(self) -> &'static str {
        match self {
            Channel::Counter => "counter",
            Channel::Online => "online",
            Channel::Post => "post",
        }
    }
}

/// Which list of communes a code is from: 126 codes are in both with, mostly, another meaning.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
pub enum Catalogue {
    /// The 126 communes since 2025-07-01.
    #[serde(rename = "2025")]
    Since2025,
    /// The 526 communes and 30 districts before that day.
    #[serde(rename = "legacy")]
    Legacy,
}

impl Catalogue {
    /// The word used in data and messages.
    pub const fn word(self) -> &'static str {
        match self {
            Catalogue::Since2025 => "2025",
            Catalogue::Legacy => "legacy",
        }
    }
}

/// The place that decides competence: of residence, or of the object (land, business seat).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The list the code is from; left out, the hub decides it by district, date of the paper and day of filing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalogue: Option<Catalogue>,
    /// The commune.
    pub commune: CommuneCode,
    /// Its name as the sender knows it, to cross-check the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text<200>>,
    /// The former district; present, the code is of the legacy catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district: Option<DistrictCode>,
    /// Date of the paper the code and the name were taken from (identity card, certificate of land); before 2025-07-01 they
    /// are of the legacy catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub document_date: Option<Date>,
}

/// The procedure as the sender named it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcedureRef {
    /// The code as received: national, or a local variant the directory knows.
    pub code: Text<50>,
    /// Its name as received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text<1000>>,
    /// Field code `MaLinhVuc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field_code: Option<Text<50>>,
    /// Field name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field_name: Option<Text<500>>,
}

impl ProcedureRef {
    /// A warning, where the name is quite another than that of the procedure the code is of: one digit of a code is soon wrong.
    pub fn names_another(&self, known: &ProcedureKnown) -> Option<Problem> {
        self.name
            .as_ref()
            .filter(|name| !names::share_words(name.as_str(), &known.name))?;
        let problem = problems::ProcedureNameDiffers {
            field: &"name",
            procedure: &known.code,
            name: &known.name,
        };
        Some(problem.at("/procedure/name"))
    }
}

/// A file of a paper. Its bytes travel apart; this names them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileRef {
    /// The sender's id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Text<200>>,
    /// File name.
    pub name: Text<4000>,
    /// Digest of its bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// Size in bytes.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "whole::optional_natural"
    )]
    #[schemars(range(min = 0, max = whole::MAX))]
    pub size: Option<i64>,
    /// Media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<Text<100>>,
    /// Where the sender keeps it, when it did not send a digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Text<4000>>,
}

/// How many of each kind of copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Copies {
    /// Bản chính.
    #[serde(default, deserialize_with = "whole::or_default")]
    #[schemars(with = "Option<u16>")]
    pub original: u16,
    /// Bản sao có chứng thực.
    #[serde(default, deserialize_with = "whole::or_default")]
    #[schemars(with = "Option<u16>")]
    pub certified: u16,
    /// Bản chụp.
    #[serde(default, deserialize_with = "whole::or_default")]
    #[schemars(with = "Option<u16>")]
    pub photo: u16,
}

/// One paper of the dossier (`thành phần hồ sơ`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// `MaThanhPhanHoSo`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Text<200>>,
    /// Name of the paper.
    pub name: Text<4000>,
    /// Copies handed in.
    #[serde(default, deserialize_with = "absent::or_default")]
    #[schemars(with = "Option<Copies>")]
    pub copies: Copies,
    /// Its files.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "absent::or_default"
    )]
    #[schemars(with = "Option<Vec<FileRef>>", length(max = limits::FILES))]
    pub files: Vec<FileRef>,
    /// Digitised (`DuocSoHoa`).
    #[serde(default, deserialize_with = "absent::or_default")]
    #[schemars(with = "Option<bool>")]
    pub digitised: bool,
    /// Re-used from an earlier procedure (`DuocTaiSuDung`).
    #[serde(default, deserialize_with = "absent::or_default")]
    #[schemars(with = "Option<bool>")]
    pub reused: bool,
    /// Taken from the national store (`DuocLayTuKhoDMQG`).
    #[serde(default, deserialize_with = "absent::or_default")]
    #[schemars(with = "Option<bool>")]
    pub from_store: bool,
}

/// `phí` pays for a service, `lệ phí` for an act of state; they go to different accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FeeKind {
    /// Phí.
    Fee,
    /// Lệ phí.
    Charge,
}

/// When a fee is due (`HinhThucThu`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FeeMoment {
    /// 1 at receipt.
    Receipt,
    /// 2 at supplement.
    Supplement,
    /// 4 at the result.
    Result,
}

/// A fee of the dossier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fee {
    /// `MaPhiLePhi`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Text<100>>,
    /// Name.
    pub name: Text<500>,
    /// Phí or lệ phí.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<FeeKind>,
    /// Đồng.
    #[serde(deserialize_with = "whole::number")]
    #[schemars(range(min = 0, max = limits::AMOUNT_VND))]
    pub amount_vnd: i64,
    /// When due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moment: Option<FeeMoment>,
}

/// How the result goes back (`HinhThuc`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReturnMethod {
    /// 0 handed over where it was received.
    Counter,
    /// 1 by post.
    Post,
}

/// How and where the result goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResultReturn {
    /// At the counter or by post.
    pub method: ReturnMethod,
    /// Who receives it, when not the applicant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiver: Option<Text<500>>,
    /// Where to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Text<1000>>,
    /// Receiver's telephone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// Receiver's e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
}

/// What a tenant files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Canonical dossier, version 1")]
pub struct Filing {
    /// The sender's own reference; one reference of a tenant is one dossier.
    pub reference: Text<100>,
    /// The official dossier code, where the city's system has already given one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dossier_code: Option<DossierCode>,
    /// Its numbers in other systems.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "absent::or_default"
    )]
    #[schemars(with = "Option<Vec<ForeignCode>>", length(max = limits::FOREIGN_CODES))]
    pub foreign_codes: Vec<ForeignCode>,
    /// The procedure.
    pub procedure: ProcedureRef,
    /// Counter, online or post.
    pub channel: Channel,
    /// Filed online with an agent's help; recorded apart from the channel.
    #[serde(default, deserialize_with = "absent::or_default")]
    #[schemars(with = "Option<bool>")]
    pub assisted_by_agent: bool,
    /// When the applicant filed.
    pub filed_at: Timestamp,
    /// The status the sender says the dossier stands at (`TrangThaiHoSo`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_status: Option<Status>,
    /// Why, where that status needs a reason the applicant reads: it was refused, papers are missing, it stands still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_text: Option<Prose<2000>>,
    /// When the receiving unit says it had the complete dossier (`NgayTiepNhan`, Decree 118/2025 art. 17.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_at: Option<Timestamp>,
    /// The date of the result on the receipt the applicant holds (`NgayHenTra`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promised_due: Option<Timestamp>,
    /// The place that decides competence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Who files.
    pub applicant: Party,
    /// Whose matter it is, when not the applicant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Party>,
    /// Who acts by authorisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorised_person: Option<Party>,
    /// What it is about (`TrichYeuHoSo`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Prose<2000>>,
    /// The papers.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "absent::or_default"
    )]
    #[schemars(with = "Option<Vec<Component>>", length(max = limits::COMPONENTS))]
    pub components: Vec<Component>,
    /// The fees.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "absent::or_default"
    )]
    #[schemars(with = "Option<Vec<Fee>>", length(max = limits::FEES))]
    pub fees: Vec<Fee>,
    /// How the result goes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_return: Option<ResultReturn>,
    /// What the sender's format says beside all this.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "absent::or_default"
    )]
    #[schemars(with = "Option<Vec<ForeignValue>>", length(max = limits::FOREIGN_VALUES))]
    pub foreign_values: Vec<ForeignValue>,
    /// A test record, never to be acted on.
    #[serde(default, deserialize_with = "absent::or_default")]
    #[schemars(with = "Option<bool>")]
    pub is_test: bool,
}

impl Filing {
    /// The person whose matter it is: the owner, else the applicant.
    pub fn subject(&self) -> &Party {
        self.owner.as_ref().unwrap_or(&self.applicant)
    }

    /// With what its format kept beside it.
    #[must_use]
    pub fn with_foreign_values(mut self, kept: Vec<ForeignValue>) -> Self {
        self.foreign_values.extend(kept);
        self
    }

    /// What lies ahead of a clock: what cannot be of a moment that has come (refused), and what can hardly be (a warning). Paths
    /// are those of the canonical form.
    pub fn ahead_of(&self, now: Timestamp) -> (Vec<Problem>, Vec<Problem>) {
        let mut refused = Vec::new();
        for (dated, at) in [
            (Dated::FiledAt, Some(self.filed_at)),
            (Dated::ReceivedAt, self.received_at),
        ] {
            if let Some(Err(why)) = at.map(|at| dated.check_now(at, now)) {
                let field = dated.field();
                refused.push(why.problem(field).at(format!("/{field}")));
            }
        }
        let today = now.date();
        let parties = [
            ("applicant", Some(&self.applicant)),
            ("owner", self.owner.as_ref()),
            ("authorised_person", self.authorised_person.as_ref()),
        ];
        let mut doubtful: Vec<Problem> = parties
            .into_iter()
            .filter(|(_, party)| party.and_then(|p| p.birth_date).is_some_and(|born| born > today))
            .map(|(name, _)| {
                problems::BirthInFuture { field: &"birth_date" }.at(format!("/{name}/birth_date"))
            })
            .collect();
        if self
            .place
            .as_ref()
            .and_then(|p| p.document_date)
            .is_some_and(|day| day > today)
        {
            let problem = problems::DateInFuture {
                field: &"document_date",
            };
            doubtful.push(problem.at("/place/document_date"));
        }
        (refused, doubtful)
    }

    /// Takes away where the dossier stands as the sender has it, which moves on while what was filed stays the same.
    fn clear_standing(&mut self) {
        (self.reported_status, self.reported_text) = (None, None);
        (self.received_at, self.promised_due) = (None, None);
    }

    /// Content for comparing two filings under one reference: canonical JSON without the moment of filing and without where the
    /// dossier stands. Field order is the type's, so equal content is equal bytes.
    pub fn content_bytes(&self) -> Vec<u8> {
        let mut content = self.clone();
        content.clear_standing();
        content.filed_at = Timestamp::from_micros(0);
        serde_json::to_vec(&content).unwrap_or_default()
    }
}

/// The procedure a dossier was received under, as the directory resolved it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ProcedureKnown {
    /// National code.
    pub code: ProcedureCode,
    /// Name in the directory.
    pub name: String,
}
