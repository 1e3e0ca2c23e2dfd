use std::collections::BTreeSet;
use std::path::Path;

use super::*;

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(
        text,
        Path::new("hub.toml"),
        Path::new("/etc/lienthong"),
        &Environment::default(),
    )
}

fn settings(error: ConfigError) -> Vec<String> {
    match error {
        ConfigError::Invalid { faults, .. } => faults.into_iter().map(|f| f.setting).collect(),
        other => panic!("{other}"),
    }
}

/// The example with the comment sign of some lines taken away.
fn uncommented(signs: &[&str]) -> String {
    let line = |line: &str| {
        let bare = signs.iter().find_map(|sign| line.strip_prefix(sign));
        let is_setting = |l: &str| {
            l.split_once(" = ")
                .is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        };
        format!("{}\n", bare.filter(|l| is_setting(l)).unwrap_or(line))
    };
    example().lines().map(line).collect()
}

#[test]
fn the_example_can_be_used_and_its_paths_start_at_its_folder() {
    let config = parse(&example()).unwrap();
    assert_eq!(
        config.database,
        Database::Sqlite {
            path: "/etc/lienthong/lienthong.db".into()
        }
    );
    assert_eq!(config.broker.kind, BrokerKind::Embedded);
    assert_eq!(
        config.keys.encryption["k1"],
        Path::new("/etc/lienthong/keys/k1.hex")
    );
    assert_eq!(config.limits, LimitSettings::default());
}

#[test]
fn the_values_shown_as_defaults_are_the_defaults() {
    let (short, long) = (parse(&example()).unwrap(), parse(&uncommented(&["# "])).unwrap());
    assert_eq!(format!("{short:?}"), format!("{long:?}"));
}

#[test]
fn the_example_shows_every_setting() {
    let table: toml::Table = toml::from_str(&uncommented(&["# ", "#? "])).unwrap();
    let schema = schema();
    let mut shown = BTreeSet::new();
    let mut known = BTreeSet::new();
    for (section, settings) in &table {
        shown.extend(
            settings
                .as_table()
                .unwrap()
                .keys()
                .map(|name| format!("{section}.{name}")),
        );
    }
    for (section, of) in schema["properties"].as_object().unwrap() {
        let name = of["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
        let settings = schema["$defs"][name]["properties"].as_object().unwrap();
        known.extend(settings.keys().map(|name| format!("{section}.{name}")));
        for (name, setting) in settings {
            let said = setting["description"].as_str();
            assert!(said.is_some(), "{section}.{name} does not say what it means");
        }
    }
    assert_eq!(shown, known);
}

/// `UPDATE=1` writes it again.
#[test]
fn the_schema_file_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/config.schema.json");
    let now = format!("{:#}\n", schema());
    if updating() {
        std::fs::write(&path, &now).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&path).unwrap_or_default(),
        now,
        "run with UPDATE=1"
    );
}

#[test]
fn all_faults_are_said_at_once_in_both_languages() {
    let text = example()
        .replace("url = \"sqlite:lienthong.db\"", "url = \"mysql://u:s3cr3t@h/d\"")
        .replace("# url = \"embedded\"", "url = \"amqp://u:s3cr3t@mq.example/v\"")
        .replace("https://hub.example.vn:8443", "http://hub.example.vn:8443/")
        .replace("# listen = \"127.0.0.1:9464\"", "listen = \"0.0.0.0:8443\"")
        .replace("# lifetime_seconds = 600", "lifetime_seconds = 601")
        .replace("# connect_timeout_seconds = 5", "connect_timeout_seconds = 26")
        .replace(
            "#? key_file = \"tls/outbound.key\"",
            "key_file = \"tls/outbound.key\"",
        )
        .replace("current = \"k1\"", "current = \"k2\"")
        .replace("# batch = 128", "batch = 0")
        .replace(
            "# filter = \"info,lienthong=info\"",
            "filter = \"lienthong=loud\"",
        );
    let error = parse(&text).unwrap_err();
    assert!(!error.to_string().contains("s3cr3t"));
    let expected = [
        "database.url",
        "broker.url",
        "partner.public_url",
        "operations.listen",
        "outbound.certificate_file",
        "outbound.connect_timeout_seconds",
        "tokens.lifetime_seconds",
        "keys.current",
        "log.filter",
        "limits.batch",
        "operations.listen",
    ];
    assert_eq!(settings(error), expected);
}

#[test]
fn an_unknown_setting_is_refused_with_its_line_and_without_its_value() {
    let text = format!("{}speed = \"s3cr3t\"\n", example());
    let error = parse(&text).unwrap_err().to_string();
    assert!(
        error.contains(&format!("\n  {}: ", text.lines().count())),
        "{error}"
    );
    assert!(error.contains("speed") && !error.contains("s3cr3t"), "{error}");
}

#[test]
fn misfits_and_bad_values_of_every_section_are_told_together_with_their_lines() {
    let text = example()
        .replace("[partner]", "[partner]\nlistem = \"s3cr3t\"")
        .replace(
            "public_url = \"https://hub.example.vn:8443\"",
            "public_url = 8443",
        )
        .replace("key_file = \"tls/partner.key\"\n", "")
        .replace("# lifetime_seconds = 600", "lifetime_seconds = \"s3cr3t\"")
        .replace("current = \"k1\"", "current = \"k2\"")
        .replace("# batch = 128", "batch = 0")
        + "\n[brokker]\nurl = \"s3cr3t\"\n";
    let line = |word: &str| text.lines().position(|l| l.starts_with(word)).map(|n| n + 1);
    let error = parse(&text).unwrap_err();
    let said = error.to_string();
    assert!(!said.contains("s3cr3t"), "{said}");
    assert!(
        said.contains("có listen") && said.contains("có broker") && said.contains("ví dụ: 600"),
        "{said}"
    );
    let ConfigError::Invalid { faults, .. } = error else {
        panic!("{said}")
    };
    let mut told: Vec<_> = faults.into_iter().map(|f| (f.setting, f.line)).collect();
    told.sort();
    let mut expected = vec![
        ("brokker".to_owned(), line("[brokker]")),
        ("keys.current".to_owned(), None),
        ("limits.batch".to_owned(), None),
        ("partner.key_file".to_owned(), line("[partner]")),
        ("partner.listem".to_owned(), line("listem")),
        ("partner.public_url".to_owned(), line("public_url = 8443")),
        ("tokens.lifetime_seconds".to_owned(), line("lifetime_seconds")),
    ];
    expected.sort();
    assert_eq!(told, expected, "{said}");
    // A file with nothing in it lacks every section, and each setting that must be there.
    let empty = settings(parse("").unwrap_err());
    for setting in [
        "partner",
        "partner.public_url",
        "keys.blind_index_file",
        "directory.folder",
        "database.url",
    ] {
        assert!(empty.iter().any(|s| s == setting), "{setting}: {empty:?}");
    }
}

#[test]
fn the_environment_goes_before_the_file() {
    let environment = Environment {
        database_url: Some(SecretUrl::new("postgres://u:p@localhost/hub")),
        blobs_url: Some(SecretUrl::new("http://u:p@127.0.0.1:9000/hub")),
        broker_url: Some(SecretUrl::new("amqp://u:p@127.0.0.1/hub")),
        broker_admin_url: None,
    };
    let config = Config::parse(&example(), Path::new("x"), Path::new(""), &environment).unwrap();
    assert!(matches!(config.database, Database::Postgres { .. }));
    assert!(matches!(config.broker.kind, BrokerKind::Amqp { .. }));
    assert!(matches!(config.blobs.home, Home::S3 { .. }));
}

#[test]
fn another_machine_is_reached_by_tls_or_by_saying_so() {
    let database = |rest: &str| {
        let url = format!("url = \"postgres://u:p@db.example/hub\"\n{rest}");
        parse(&example().replace("url = \"sqlite:lienthong.db\"", &url))
    };
    assert_eq!(settings(database("").unwrap_err()), ["database.ca_file"]);
    assert!(database("ca_file = \"ca.pem\"").is_ok());
    assert!(database("allow_plain_text = true").is_ok());
    let blobs = |rest: &str| parse(&example().replace("# url = \"folder:blobs\"", rest));
    assert_eq!(
        settings(blobs("url = \"https://u:p@s3/b\"").unwrap_err()),
        ["blobs.ca_file"]
    );
    assert_eq!(
        settings(blobs("url = \"http://u:p@s3/b\"").unwrap_err()),
        ["blobs.url"]
    );
    assert!(blobs("url = \"https://u:p@s3/b\"\nca_file = \"ca.pem\"").is_ok());
    assert!(blobs("url = \"http://u:p@localhost:9000/b\"").is_ok());
    let broker = |rest: &str| parse(&example().replace("# url = \"embedded\"", rest));
    assert_eq!(
        settings(broker("url = \"amqps://u:p@mq/v\"").unwrap_err()),
        ["broker.ca_file"]
    );
    assert!(broker("url = \"amqps://u:p@mq/v\"\nca_file = \"ca.pem\"").is_ok());
    assert_eq!(
        settings(broker("url_file = \"/nowhere\"").unwrap_err()),
        ["broker.url_file"]
    );
}
