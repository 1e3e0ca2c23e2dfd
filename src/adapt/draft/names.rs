//! What partners call things, in Vietnamese and in English: names as [`plain`] writes them, and the canonical field they are
//! likely to be. Names of the shipped formats, and plain words for the same things; a guess, never more.

use crate::adapt::words::{near, plain};

/// What a place of a document is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    Dossier,
    Procedure,
    /// A party, by the canonical field it is.
    Party(&'static str),
    Receiver,
    Place,
    Paper,
    File,
    Fee,
    Identity,
    Report,
}

type Names = &'static [(&'static str, &'static str)];

/// Groups and lists by their names.
const GROUPS: &[(About, &str)] = &[
    (
        About::Procedure,
        "procedure thutuc thutuchanhchinh dichvucong tthc",
    ),
    (
        About::Party("applicant"),
        "applicant nguoinop nguoinophoso documentsender sender citizen congdan nguoiyeucau",
    ),
    (About::Party("owner"), "owner chuhoso dossierowner"),
    (
        About::Party("authorised_person"),
        "nguoiduocuyquyen authorisedperson authorizedperson delegate",
    ),
    (
        About::Receiver,
        "resultreceiver nguoinhan nguoinhanketqua receiver resultreturn traketqua",
    ),
    (About::Place, "place diaban noicutru"),
];

const LISTS: &[(About, &str)] = &[
    (
        About::Paper,
        "tailieunop docpapers papers giayto thanhphanhoso danhsachgiayto components elements danhsachtepdinhkemkhac giaytokemtheo documents danhsachthanhphan hosokemtheo",
    ),
    (
        About::File,
        "attachments files tepdinhkem danhsachtep tep dinhkem danhsachtepdinhkem filedinhkem",
    ),
    (
        About::Fee,
        "docfees fees lephi danhsachlephi philephi danhsachphilephi danhsachphi",
    ),
    (
        About::Identity,
        "dinhdanhchs giaytokhac identitypapers danhsachgiaytotuythan",
    ),
];

const DOSSIER: Names = &[
    (
        "reference",
        "sothamchieu mathamchieu reference referencenumber mahoso sohoso doccode dossiercode dossierno dossierid ordernumber madonhang madon sodon filenumber hosoid",
    ),
    (
        "procedure.code",
        "matthc mathutuc matthutuc mathutuchanhchinh doctypecode procedurecode servicecode madichvu madichvucong",
    ),
    (
        "procedure.name",
        "tentthc tenthutuc tenthutuchanhchinh doctypename procedurename servicename tendichvu tendichvucong",
    ),
    ("procedure.field_code", "malinhvuc fieldcode"),
    ("procedure.field_name", "tenlinhvuc linhvuc category"),
    (
        "channel",
        "kenhthuchien kenhnop channel hinhthucnop hinhthucnophoso",
    ),
    (
        "filed_at",
        "ngaynophoso ngaynop thoidiemnop filedat submittedat submitdate datesubmitted ngaygui datereceived receivedate ngaytao createdat",
    ),
    ("received_at", "ngaytiepnhan receivedat thoidiemtiepnhan"),
    (
        "promised_due",
        "ngayhentra ngayhentraketqua hantra dateappointed appointmentdate duedate promiseddue",
    ),
    (
        "summary",
        "trichyeuhoso trichyeu compendium summary noidunghoso subject",
    ),
    ("is_test", "thunghiem istest"),
    ("assisted_by_agent", "dailyhotro assistedbyagent"),
    ("reported_status", "trangthaihoso reportedstatus"),
    ("place.catalogue", "danhmucxa"),
    ("place.commune", "maxa maphuongxa communecode wardcode"),
    ("place.name", "tenxa tenphuongxa communename wardname"),
    ("place.district", "mahuyen maquanhuyen"),
    ("place.document_date", "ngaygiayto"),
    (
        "result_return.method",
        "hinhthuc hinhthuctra hinhthuctraketqua returnedtype returnmethod isreceiveresult",
    ),
    ("result_return.address", "thongtintra diachinhanketqua diachitra"),
    ("result_return.receiver", "tennguoinhan nguoinhan"),
    ("result_return.phone", "sodienthoainhan sodienthoainguoinhan"),
    ("result_return.email", "emailnhan"),
    ("owner.name", "chuhoso tenchuhoso ownername"),
    (
        "applicant.name",
        "citizenname applicantname hoten hovaten fullname nguoinop tennguoinop hotennguoinop tencongdan hotencongdan",
    ),
    (FOREIGN_CODE, "sobiennhan itemcode mavandon mabuugui trackingcode"),
];

/// A number of the dossier in another system, which is an entry of `foreign_codes`.
pub(super) const FOREIGN_CODE: &str = "foreign_codes";

/// What a party has, by the names of a group or with a party's name before or behind them.
const PARTY: Names = &[
    ("name", "name fullname hoten hovaten ten"),
    (
        "identity_number",
        "id identitynumber identityno sodinhdanh sodinhdanhcanhan cccd socccd cmnd socmnd cmndcccd sogiayto idnumber idcard cccdcmnd sogiaytotuythan",
    ),
    ("tax_code", "masothue mst taxcode"),
    ("kind", "kind type loaidoituong doituong"),
    ("birth_date", "ngaysinh birthdate dateofbirth dob birthday"),
    ("sex", "gioitinh sex gender"),
    ("address", "address diachi diachithuongtru diachilienhe"),
    ("phone", "phone phonenumber sodienthoai dienthoai sdt mobile tel"),
    ("email", "email thudientu emailaddress hopthu"),
];

/// Names that say nothing where they do not stand in a party.
const VAGUE: &str = "id name ten kind type so";

/// What an address goes on with.
const ADDRESS_PARTS: &str =
    "districttitle provincetitle districtname provincename tenhuyen tentinh wardtitle";

/// Names of parties, before or behind what a party has: `applicantsId`, `SoGiayToChuHoSo`.
const PARTY_NAMES: &[(&str, &str)] = &[
    ("applicant", "applicants applicant citizen nguoinop congdan"),
    ("owner", "chuhoso owner"),
    ("authorised_person", "nguoiduocuyquyen"),
];

const PROCEDURE: Names = &[
    ("procedure.code", "code ma mathutuc matthc"),
    ("procedure.name", "name title ten tenthutuc tentthc"),
    ("procedure.field_code", "fieldcode malinhvuc categorycode"),
    ("procedure.field_name", "category fieldname tenlinhvuc linhvuc"),
];

const RECEIVER: Names = &[
    ("result_return.receiver", "name hoten ten fullname"),
    ("result_return.address", "address diachi"),
    ("result_return.phone", "phone sodienthoai dienthoai mobile"),
    ("result_return.email", "email"),
    ("result_return.method", "method hinhthuc"),
];

const PLACE: Names = &[
    ("place.commune", "commune maxa ma code"),
    ("place.name", "name tenxa ten"),
    ("place.district", "district mahuyen"),
    ("place.catalogue", "catalogue danhmuc"),
];

const PAPER: Names = &[
    (
        "name",
        "tengiayto papername name ten tenthanhphan tenthanhphanhoso documentname",
    ),
    ("code", "mathanhphanhoso magiayto papercode code mathanhphan"),
    ("copies.original", "banchinh originals original sobanchinh"),
    ("copies.certified", "bansao certified sobansao"),
    ("copies.photo", "banchup photo"),
    ("digitised", "duocsohoa digitised"),
    ("from_store", "duoclaytukhodmqg fromstore"),
];

const FILE: Names = &[
    ("id", "tepdinhkemid attachmentid fileid id matep"),
    (
        "name",
        "tentepdinhkem attachmentname filename tentep tentaptin name",
    ),
    (
        "location",
        "duongdantaiteptin attachmenturl url fileurl duongdan link",
    ),
    ("sha256", "sha256"),
    ("size", "kichthuoc size filesize dungluong"),
    ("media_type", "kieutep contenttype mediatype mimetype loaitep"),
];

const FEE: Names = &[
    ("name", "tenphilephi feename name ten tenlephi tenphi"),
    ("code", "maphilephi feecode code"),
    ("amount_vnd", "gia price amount sotien mucthu mucphi"),
    ("kind", "loai feetype kind feekind"),
    ("moment", "moment"),
];

const IDENTITY: Names = &[("number", "sodinhdanh number so sogiayto")];

const REPORT: Names = &[
    (
        "dossier",
        "mahoso doccode dossier matheodoi sohoso dossiercode ordernumber",
    ),
    ("status", "trangthai status trangthaihoso matrangthai"),
    (
        "occurred_at",
        "thoidiemxuly ngayxuly occurredat thoidiem thoigian ngaycapnhat updatedat",
    ),
    ("text", "noidungxuly note ghichu text lydo noidung"),
    ("officer", "nguoixuly approvername officer canboxuly canbo"),
];

/// Marks of an entry that its sender has taken away.
const DELETED: &str = "isdeleted daxoa deleted";

/// A guess by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// This canonical field; within a list, of its entries.
    Field(&'static str),
    /// This field of a party that is not named: the one the dossier is about.
    Person(&'static str),
    /// This field of a named party.
    OfParty(&'static str, &'static str),
    /// A further piece of an address of that party; none of a party that is not named.
    AddressPart(Option<&'static str>),
    /// The mark of an entry that was taken away.
    Deleted,
}

/// What a group of this name is about; none where its name says nothing.
pub(super) fn group(name: &str) -> Option<About> {
    of_name(GROUPS, &bare(name))
}

/// What the entries of a list of this name are.
pub(super) fn list(name: &str) -> Option<About> {
    of_name(LISTS, &bare(name))
}

fn of_name(table: &[(About, &str)], name: &str) -> Option<About> {
    let found = table.iter().find(|(_, names)| has(names, name));
    found.map(|(about, _)| *about)
}

/// What a field of this name is likely to be, where it stands in what is `about` something.
pub(super) fn field(name: &str, about: About) -> Option<Named> {
    let name = bare(name);
    let by = |names: Names| lookup(names, &name);
    match about {
        About::Dossier => by(DOSSIER)
            .map(Named::Field)
            .or_else(|| by(PARTY).filter(|_| !has(VAGUE, &name)).map(Named::Person))
            .or_else(|| of_party(&name)),
        About::Procedure => by(PROCEDURE).map(Named::Field),
        About::Party(party) => match by(PARTY) {
            Some(field) => Some(Named::OfParty(party, field)),
            None => has(ADDRESS_PARTS, &name).then_some(Named::AddressPart(Some(party))),
        },
        About::Receiver => by(RECEIVER)
            .map(Named::Field)
            .or_else(|| has(ADDRESS_PARTS, &name).then_some(Named::AddressPart(None))),
        About::Place => by(PLACE).map(Named::Field),
        About::Paper | About::File if has(DELETED, &name) => Some(Named::Deleted),
        About::Paper => by(PAPER).map(Named::Field),
        About::File => by(FILE).map(Named::Field),
        About::Fee => by(FEE).map(Named::Field),
        About::Identity => by(IDENTITY).map(Named::Field),
        About::Report => by(REPORT).map(Named::Field),
    }
}

/// Whether a name is one of these.
fn has(names: &str, name: &str) -> bool {
    names.split(' ').any(|known| known == name)
}

/// A name for comparing, without prefix and sign of an attribute.
fn bare(name: &str) -> String {
    plain(name.rsplit([':', '@']).next().unwrap_or(name))
}

/// By the name itself, else by one that is nearly it.
fn lookup(names: Names, name: &str) -> Option<&'static str> {
    let exact = names.iter().find(|(_, known)| has(known, name));
    let nearly = || {
        let mut close = names.iter().filter(|(_, known)| {
            known
                .split(' ')
                .any(|k| k.len() > 7 && name.len() > 7 && near(k, name))
        });
        close.next().filter(|_| close.next().is_none())
    };
    exact.or_else(nearly).map(|(to, _)| *to)
}

/// What a party has, with the party's name before or behind it.
fn of_party(name: &str) -> Option<Named> {
    for (party, words) in PARTY_NAMES {
        for word in words.split(' ') {
            let rest = name.strip_prefix(word).or_else(|| name.strip_suffix(word));
            if let Some(field) = rest.and_then(|rest| lookup(PARTY, rest)) {
                return Some(Named::OfParty(party, field));
            }
        }
    }
    None
}
