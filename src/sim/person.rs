//! Made-up persons and enterprises, built so that no real one can match.
//!
//! Identity numbers begin with `000`, which is no place of birth registration; tax codes with `99`; telephones with `0000`;
//! e-mail ends in `.test` (RFC 6761); every name holds [`NAME_MARK`], so that a log can be searched for all of them at once.

use rand::{Rng, RngExt};

use crate::domain::dossier::Sex;

/// What every made-up name holds.
pub const NAME_MARK: &str = "Thử Nghiệm";

const FAMILIES: [&str; 12] = [
    "Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Đặng", "Bùi", "Đỗ", "Ngô",
];
const GIVEN: [&str; 14] = [
    "An", "Bình", "Châu", "Dũng", "Đức", "Giang", "Hà", "Khánh", "Linh", "Minh", "Ngọc", "Phương", "Quỳnh",
    "Yến",
];
const TRADES: [&str; 6] = [
    "Thương mại",
    "Dịch vụ",
    "Xây dựng",
    "Vận tải",
    "Giáo dục",
    "Dược phẩm",
];

/// A citizen or an enterprise. Its `Debug` is left out on purpose: even made-up people do not belong in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// Full name.
    pub name: String,
    /// What it is known by.
    pub identity: Identity,
    /// Address as one text.
    pub address: String,
    /// Telephone.
    pub phone: String,
    /// E-mail.
    pub email: String,
}

/// What somebody is known by.
#[derive(Clone, PartialEq, Eq)]
pub enum Identity {
    /// A citizen.
    Citizen {
        /// Twelve digits.
        number: String,
        /// Year, month, day.
        born: (u16, u8, u8),
        /// As in the number.
        sex: Sex,
    },
    /// An enterprise.
    Enterprise {
        /// Ten digits, the last one the check digit.
        tax_code: String,
    },
}

impl Person {
    /// A citizen who lives in `commune`.
    pub fn citizen(commune: &str, rng: &mut impl Rng) -> Self {
        let sex = if rng.random_bool(0.5) {
            Sex::Male
        } else {
            Sex::Female
        };
        let born = (
            rng.random_range(1950..=2007),
            rng.random_range(1..=12),
            rng.random_range(1..=28),
        );
        let name = format!("{} {NAME_MARK} {}", pick(&FAMILIES, rng), pick(&GIVEN, rng));
        Person {
            name,
            identity: citizen(sex, born, rng),
            ..Person::reached(commune, rng)
        }
    }

    /// An enterprise seated in `commune`.
    pub fn enterprise(commune: &str, rng: &mut impl Rng) -> Self {
        let name = format!(
            "Công ty TNHH {} {NAME_MARK} {}",
            pick(&TRADES, rng),
            rng.random_range(1..1000)
        );
        let identity = Identity::Enterprise {
            tax_code: tax_code(rng),
        };
        Person {
            name,
            identity,
            ..Person::reached(commune, rng)
        }
    }

    fn reached(commune: &str, rng: &mut impl Rng) -> Self {
        let phone = format!("0000{:06}", rng.random_range(0..1_000_000));
        Person {
            name: String::new(),
            identity: Identity::Enterprise {
                tax_code: String::new(),
            },
            address: format!("Số {} phố Mẫu, {commune}, Hà Nội", rng.random_range(1..400)),
            email: format!("mau.{phone}@lienthong.test"),
            phone,
        }
    }

    /// Twelve-digit number of a citizen.
    pub fn number(&self) -> Option<&str> {
        match &self.identity {
            Identity::Citizen { number, .. } => Some(number),
            Identity::Enterprise { .. } => None,
        }
    }

    /// Tax code of an enterprise.
    pub fn tax_code(&self) -> Option<&str> {
        match &self.identity {
            Identity::Enterprise { tax_code } => Some(tax_code),
            Identity::Citizen { .. } => None,
        }
    }

    /// Whether it is a citizen.
    pub fn is_citizen(&self) -> bool {
        matches!(self.identity, Identity::Citizen { .. })
    }
}

fn pick<'a>(from: &[&'a str], rng: &mut impl Rng) -> &'a str {
    from[rng.random_range(0..from.len())]
}

fn citizen(sex: Sex, born: (u16, u8, u8), rng: &mut impl Rng) -> Identity {
    // Fourth digit: century and sex; 0 and 1 for 1900 to 1999, 2 and 3 for 2000 to 2099.
    let century = u16::from(sex == Sex::Female) + 2 * ((born.0 - 1900) / 100);
    let number = format!(
        "000{century}{:02}{:06}",
        born.0 % 100,
        rng.random_range(0..1_000_000)
    );
    Identity::Citizen { number, born, sex }
}

fn tax_code(rng: &mut impl Rng) -> String {
    const WEIGHTS: [u32; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];
    loop {
        let base = format!("99{:07}", rng.random_range(1..10_000_000));
        let sum: u32 = base
            .bytes()
            .zip(WEIGHTS)
            .map(|(b, w)| u32::from(b - b'0') * w)
            .sum();
        // Ten is no digit: such a base has no valid code.
        if let check @ 0..=9 = 10 - sum % 11 {
            return format!("{base}{check}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::codes::{Email, IdentityNumber, Phone, TaxCode};
    use rand::SeedableRng;

    #[test]
    fn codes_of_made_up_people_are_well_formed_and_nobodys() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(5);
        for _ in 0..500 {
            let citizen = Person::citizen("Phường Ba Đình", &mut rng);
            let number: IdentityNumber = citizen.number().unwrap().parse().unwrap();
            let Identity::Citizen { born, sex, .. } = citizen.identity else {
                panic!("a citizen")
            };
            assert_eq!(number.birth_year(), Some(born.0 as i16));
            assert_eq!(number.is_male(), Some(sex == Sex::Male));
            assert!(!number.has_known_prefix() && citizen.name.contains(NAME_MARK));
            assert!(citizen.phone.starts_with("0000") && citizen.phone.parse::<Phone>().is_ok());
            assert!(citizen.email.parse::<Email>().is_ok());

            let enterprise = Person::enterprise("Phường Ba Đình", &mut rng);
            let code = enterprise.tax_code().unwrap();
            assert!(
                code.starts_with("99") && code.parse::<TaxCode>().is_ok(),
                "{code}"
            );
        }
    }
}
