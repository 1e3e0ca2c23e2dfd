use std::path::{Path, PathBuf};

use clap::CommandFactory;

use super::*;

#[test]
fn verify_cli() {
    Cli::command().debug_assert();
}

/// The help of every command, one after another.
fn helps(command: &mut clap::Command, path: &str, all: &mut String) {
    all.push_str(&format!("==== {path}\n{}\n", command.render_long_help()));
    for sub in command.get_subcommands_mut() {
        if sub.get_name() != "help" {
            let path = format!("{path} {}", sub.get_name());
            helps(sub, &path, all);
        }
    }
}

/// `UPDATE=1` writes it again.
#[test]
fn the_help_is_the_reviewed_one() {
    let mut command = Cli::command().term_width(100);
    command.build();
    let mut now = String::new();
    helps(&mut command, "lienthong", &mut now);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/help.txt");
    if crate::config::updating() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &now).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap_or_default() == now,
        "run with UPDATE=1 and review the change"
    );
}

pub(in crate::cli) struct Folder(PathBuf);

impl Folder {
    pub(in crate::cli) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("lienthong-cli-{}-{name}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub(in crate::cli) fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

pub(in crate::cli) fn lienthong(line: &[&str]) -> (Result<Exit, CommandError>, String) {
    let mut out = Vec::new();
    let line = ["lienthong"].iter().chain(line).map(OsString::from);
    let exit = run(line, &mut out);
    (exit, String::from_utf8(out).unwrap())
}

pub(in crate::cli) fn house(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(path)
        .to_str()
        .unwrap()
        .to_owned()
}

/// A whole installation in a folder, made by the commands themselves.
fn installed(folder: &Folder) -> String {
    let (exit, _) = lienthong(&[
        "cert",
        "dev",
        "--dir",
        &folder.path("tls"),
        "--tenant",
        "branch.so-1",
    ]);
    assert_eq!(exit, Ok(Exit::Good));
    let (exit, made) = lienthong(&["keys", "new", &folder.path("keys")]);
    assert_eq!(exit, Ok(Exit::Good), "{made}");
    let (_, example) = lienthong(&["config", "example"]);
    let directory = house("schema/directory/hanoi");
    let text = example
        .replace("hub.example.vn", "localhost")
        .replace("tls/partner.", "tls/server.")
        .replace("tls/web.", "tls/server.")
        .replace("trust/partners.pem", "tls/ca.pem")
        .replace("folder = \"directory\"", &format!("folder = {directory:?}"))
        .replace("# allow_provisional = false", "allow_provisional = true");
    let config = folder.path("hub.toml");
    std::fs::write(&config, text).unwrap();
    config
}

#[test]
fn an_installation_is_made_migrated_examined_filled_and_verified() {
    let folder = Folder::new("whole");
    let config = installed(&folder);
    assert_eq!(
        lienthong(&["config", "check", "--config", &config]).0,
        Ok(Exit::Good)
    );
    examined_before_it_is_migrated(&folder, &config);
    migrated(&config);
    examined_after(&config);

    let directory = house("schema/directory/hanoi");
    let import = ["directory", "import", &directory, "--config", &config, "--yes"];
    let (exit, out) = lienthong(&import);
    assert_eq!(exit, Ok(Exit::Good), "{out}");
    assert!(out.contains("agencies.csv: -0 +"), "{out}");
    another_directory_is_compared(&folder, &config, &directory);
    no_dossier_is_parked_or_assigned(&config);
    let (exit, out) = lienthong(&import);
    assert_eq!(exit, Ok(Exit::Good));
    assert!(out.contains("nothing changes"), "{out}");

    let (exit, out) = lienthong(&["audit", "verify", "--config", &config]);
    assert_eq!(exit, Ok(Exit::Good), "{out}");
    assert!(out.contains("every seal is whole"), "{out}");
}

/// What is missing is said and not made.
fn examined_before_it_is_migrated(folder: &Folder, config: &str) {
    let (exit, out) = lienthong(&["doctor", "--config", config]);
    assert_eq!(exit, Ok(Exit::Findings), "{out}");
    assert!(out.contains("run `lienthong migrate`"), "{out}");
    assert!(
        out.contains("! file store: ") && !Path::new(&folder.path("blobs")).exists(),
        "{out}"
    );
    std::fs::create_dir(folder.path("blobs")).unwrap();
}

fn migrated(config: &str) {
    let (exit, out) = lienthong(&["migrate", "--config", config]);
    assert_eq!(exit, Ok(Exit::Good), "{out}");
    assert!(out.starts_with("applied "), "{out}");
    assert_eq!(
        lienthong(&["migrate", "--check", "--config", config]).0,
        Ok(Exit::Good)
    );
}

/// The file store is good now, and nothing is bad but a broker that is not there.
fn examined_after(config: &str) {
    let (exit, out) = lienthong(&["doctor", "--config", config, "--json"]);
    let items: Vec<serde_json::Value> = serde_json::from_str(&out).unwrap();
    let bad: Vec<_> = items.iter().filter(|item| item["mark"] == "bad").collect();
    assert!(bad.iter().all(|item| item["what"] == "broker"), "{bad:?}");
    let files: Vec<_> = items.iter().filter(|item| item["what"] == "file store").collect();
    assert_eq!((files.len(), &files[0]["mark"]), (1, &"good".into()), "{files:?}");
    assert_eq!(
        exit,
        Ok(if bad.is_empty() {
            Exit::Good
        } else {
            Exit::Findings
        })
    );
}

/// An import that is only planned says what it would change.
fn another_directory_is_compared(folder: &Folder, config: &str, directory: &str) {
    let other = folder.path("other");
    std::fs::create_dir_all(&other).unwrap();
    for file in std::fs::read_dir(directory).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), Path::new(&other).join(file.file_name())).unwrap();
    }
    let agencies = std::fs::read_to_string(Path::new(&other).join("agencies.csv")).unwrap();
    std::fs::write(
        Path::new(&other).join("agencies.csv"),
        agencies.replace("Sở Công Thương", "Sở Công thương"),
    )
    .unwrap();
    let (exit, out) = lienthong(&["directory", "import", &other, "--config", config, "--plan"]);
    assert_eq!(exit, Ok(Exit::Findings), "{out}");
    assert!(out.contains("agencies.csv: -0 +0 ~1"), "{out}");
    assert!(out.contains("name: Sở Công Thương → Sở Công thương"), "{out}");
}

fn no_dossier_is_parked_or_assigned(config: &str) {
    let (exit, out) = lienthong(&["dossier", "parked", "--config", config]);
    assert_eq!((exit, out.as_str()), (Ok(Exit::Good), ""));
    let nobodys = "dos_0190b1a0000070008000000000000001";
    let (exit, out) = lienthong(&[
        "dossier",
        "assign",
        nobodys,
        "so-tu-phap",
        "--reason",
        "Thử",
        "--config",
        config,
    ]);
    assert_eq!(exit, Ok(Exit::Findings));
    assert!(out.starts_with("✘ not-found"), "{out}");
}

#[test]
fn doctor_says_what_is_wrong_and_how_to_mend_it() {
    let folder = Folder::new("ill");
    let config = installed(&folder);
    let text = std::fs::read_to_string(&config).unwrap();
    let ill = text
        .replace("https://localhost:8443", "https://hub.example.vn:8443")
        .replace(
            "client_ca_files = [\"tls/ca.pem\"]",
            "client_ca_files = [\"tls/server.pem\"]",
        )
        .replace("keys/lookup.hex", "keys/blind2.hex")
        .replace("allow_provisional = true", "allow_provisional = false");
    std::fs::write(&config, ill).unwrap();
    std::fs::copy(folder.path("keys/blind.hex"), folder.path("keys/blind2.hex")).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(folder.path("keys/blind2.hex"), mode).unwrap();
    std::fs::write(folder.path("blobs"), "not a folder").unwrap();
    let (exit, out) = lienthong(&["doctor", "--config", &config]);
    assert_eq!(exit, Ok(Exit::Findings));
    for wrong in [
        "does not name hub.example.vn",
        "is no authority",
        "two key files hold one key",
        "open to everybody (644)",
        "directory (rows-provisional)",
        "cannot keep files",
    ] {
        assert!(out.contains(wrong), "{wrong}: {out}");
    }
}

#[test]
fn production_refuses_provisional_rows() {
    let directory = house("schema/directory/hanoi");
    let (exit, out) = lienthong(&["directory", "check", &directory]);
    assert_eq!(exit, Ok(Exit::Good), "{out}");
    let (exit, out) = lienthong(&["directory", "check", &directory, "--production"]);
    assert_eq!(exit, Ok(Exit::Findings));
    assert!(out.contains("rows-provisional"), "{out}");
}

#[test]
fn the_plan_of_the_broker_and_the_matrix_are_printed() {
    let (exit, out) = lienthong(&["broker", "plan", "--directory", &house("schema/directory/hanoi")]);
    assert_eq!(exit, Ok(Exit::Good));
    let plan: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(plan["vhosts"][0]["name"], "lienthong");
    assert!(lienthong(&["permissions"]).1.contains("submission:create"));
}

#[test]
fn a_line_that_cannot_be_used_is_exit_2() {
    assert_eq!(lienthong(&["directory", "check"]).0, Ok(Exit::Usage));
    assert!(
        lienthong(&["config", "check", "--config", "/nowhere/hub.toml"])
            .0
            .is_err()
    );
    assert_eq!(lienthong(&["--version"]).0, Ok(Exit::Good));
}

#[test]
fn keys_are_made_once_each_for_itself_and_readable_by_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("keys");
    let dir = folder.path("keys");
    let (exit, made) = lienthong(&["keys", "new", &dir]);
    assert_eq!(exit, Ok(Exit::Good));
    let files: Vec<&str> = made.lines().filter_map(|l| l.split("  ").next()).collect();
    let read = |file: &str| std::fs::read_to_string(file).unwrap();
    let texts: std::collections::BTreeSet<String> = files.iter().map(|f| read(f)).collect();
    assert_eq!((files.len(), texts.len()), (5, 5), "{made}");
    for file in &files {
        assert_eq!(
            std::fs::metadata(file).unwrap().permissions().mode() & 0o777,
            0o600,
            "{file}"
        );
    }
    // Again, it makes nothing and loses nothing.
    assert!(
        matches!(lienthong(&["keys", "new", &dir]).0, Err(CommandError::Said(said)) if said.contains("k1.hex"))
    );
    assert_eq!(
        files
            .iter()
            .map(|f| read(f))
            .collect::<std::collections::BTreeSet<_>>(),
        texts
    );
    let (exit, made) = lienthong(&["keys", "new", &dir, "--encryption", "k2", "--signing", "2027"]);
    assert_eq!((exit, made.lines().count()), (Ok(Exit::Good), 2), "{made}");
    assert!(
        lienthong(&["keys", "new", &dir, "--encryption", "../k3"])
            .0
            .is_err()
    );
}

/// A migrated installation with the directory imported, and the certificates of some tenants.
fn filled(folder: &Folder, tenants: &[&str]) -> String {
    let config = installed(folder);
    let dir = folder.path("tls");
    let mut line = vec!["cert", "dev", "--dir", &dir];
    for tenant in tenants {
        line.extend(["--tenant", tenant]);
    }
    assert_eq!(lienthong(&line).0, Ok(Exit::Good));
    assert_eq!(lienthong(&["migrate", "--config", &config]).0, Ok(Exit::Good));
    let directory = house("schema/directory/hanoi");
    let import = ["directory", "import", &directory, "--config", &config, "--yes"];
    assert_eq!(lienthong(&import).0, Ok(Exit::Good));
    config
}

#[test]
fn the_first_operator_and_others_are_registered_on_the_database() {
    let folder = Folder::new("register");
    let config = filled(&folder, &["operator.truc-ban", "agent.a-1", "agency.so-tu-phap"]);
    let pem = |tenant: &str| folder.path(&format!("tls/{tenant}.pem"));
    let register = |more: &[&str]| {
        let line = [&["tenant", "register", "--config", &config], more].concat();
        lienthong(&line)
    };
    let (exit, out) = register(&["operator.truc-ban", "--certificate", &pem("operator.truc-ban")]);
    assert_eq!(exit, Ok(Exit::Good), "{out}");
    assert!(out.contains("\"changes\": 2"), "{out}");
    // An agent comes after its enterprise; the refusal says which place is wrong.
    let agent = [
        "agent.a-1",
        "--parent",
        "enterprise.mau",
        "--person",
        "nv-1=Nhân viên mẫu",
        "--certificate",
        &pem("agent.a-1"),
    ];
    let (exit, out) = register(&agent);
    assert_eq!(exit, Ok(Exit::Findings));
    assert!(out.starts_with("✘ parent-unknown /tenants/0/parent: "), "{out}");
    assert_eq!(
        register(&["enterprise.mau", "--name", "Doanh nghiệp mẫu"]).0,
        Ok(Exit::Good)
    );
    assert_eq!(register(&agent).0, Ok(Exit::Good));
    // An agency gets its name and its format from the directory; one that is not there is refused.
    let (exit, out) = register(&["agency.so-tu-phap", "--certificate", &pem("agency.so-tu-phap")]);
    assert_eq!(exit, Ok(Exit::Good), "{out}");
    let (exit, out) = register(&["agency.so-khong-co"]);
    assert_eq!(exit, Ok(Exit::Findings));
    assert!(out.contains("✘ agency-unknown /tenants/0/key"), "{out}");
    let (_, out) = lienthong(&["tenant", "show", "agency.so-tu-phap", "--config", &config]);
    let shown: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (shown["name"].as_str(), shown["standing"].as_str()),
        (Some("Sở Tư pháp"), Some("active"))
    );
    assert_eq!(shown["certificates"], 1);

    let reason = ["--reason", "Theo công văn mẫu", "--config", &config];
    let suspend = [&["tenant", "suspend", "agent.a-1"][..], &reason].concat();
    let (exit, out) = lienthong(&suspend);
    assert_eq!(exit, Ok(Exit::Good), "{out}");
    assert!(out.contains("\"suspended\""), "{out}");
    let close = [&["tenant", "close", "operator.truc-ban", "--yes"][..], &reason].concat();
    let (exit, out) = lienthong(&close);
    assert_eq!(exit, Ok(Exit::Findings));
    assert!(out.starts_with("✘ last-operator"), "{out}");
    let (_, out) = lienthong(&["tenant", "list", "--config", &config]);
    assert_eq!(out.lines().count(), 4, "{out}");
    assert!(
        out.lines()
            .any(|l| l.starts_with("agent.a-1 ") && l.contains("suspended")),
        "{out}"
    );
    let (_, out) = lienthong(&["audit", "log", "--config", &config, "--subject", "agent.a-1"]);
    let first = out.lines().next().unwrap();
    assert!(
        first.contains("operator.hub  tenant-suspended  agent.a-1  Theo công văn mẫu"),
        "{out}"
    );
    let (exit, out) = lienthong(&["audit", "verify", "--config", &config]);
    assert_eq!(exit, Ok(Exit::Good), "{out}");
}

#[test]
fn many_are_registered_from_a_file_or_none() {
    let folder = Folder::new("many");
    let config = filled(&folder, &[]);
    let tenants: Vec<_> = (0..300)
        .map(|n| serde_json::json!({ "key": format!("branch.b-{n}"), "name": "Chi nhánh mẫu" }))
        .collect();
    let file = folder.path("tenants.json");
    let register = ["tenant", "register", "--file", &file, "--config", &config];
    let mut wrong = tenants.clone();
    wrong[299]["formats"] = serde_json::json!(["none/v1"]);
    std::fs::write(&file, serde_json::to_vec(&wrong).unwrap()).unwrap();
    let (exit, out) = lienthong(&register);
    assert_eq!(exit, Ok(Exit::Findings));
    assert!(out.starts_with("✘ value-unknown /tenants/299/formats"), "{out}");
    std::fs::write(&file, serde_json::to_vec(&tenants).unwrap()).unwrap();
    let (exit, out) = lienthong(&register);
    assert_eq!(exit, Ok(Exit::Good), "{out}");
    assert!(out.contains("\"changes\": 300"), "{out}");
    let (_, out) = lienthong(&["tenant", "list", "--kind", "branch", "--config", &config]);
    assert_eq!(out.lines().count(), 300);
}

#[test]
fn a_command_of_the_operator_needs_a_way_to_the_hub() {
    // What is missing beside --hub is told before a file is looked for.
    let far = [
        "tenant",
        "list",
        "--hub",
        "https://localhost:1/",
        "--ca",
        "/nowhere",
    ];
    let (exit, _) = lienthong(&far);
    assert!(matches!(exit, Err(CommandError::Said(said)) if said.contains("--cert, --key, --as ")));
    let rest = ["--as", "operator.a", "--cert", "/nor/here", "--key", "/nor/here"];
    let (exit, _) = lienthong(&[&far[..], &rest[..]].concat());
    assert!(matches!(exit, Err(CommandError::Said(said)) if said.contains("/nowhere")));
    assert_eq!(
        lienthong(&["tenant", "suspend", "agent.a-1"]).0,
        Ok(Exit::Usage),
        "a reason is needed"
    );
}
