//! An installation as an operator makes it: a folder with settings, keys, certificates and a directory, and the executable, which
//! does everything else.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lienthong::client::{Partner, Retry, Settings};
use lienthong::clock::{Clock, Entropy};
use lienthong::domain::tenant::TenantKey;
use lienthong::domain::time::Timestamp;
use lienthong::material;
use lienthong::net::dev_ca::DevCa;
use lienthong::net::outbound::{OutboundOptions, http_client};
use serde_json::Value;

use crate::stack::{folder, ports};

/// The first operator.
pub const OPERATOR: &str = "operator.truc-ban";
/// A submitter, with the person `nv-001`.
pub const BRANCH: &str = "branch.tay-ho";
/// The agency that decides the shipped sample.
pub const AGENCY: &str = "agency.van-phong-ubnd-thanh-pho";
/// The person of [`BRANCH`].
pub const PERSON: &str = "nv-001";

/// A folder of the name, empty at first.
pub struct Installation {
    pub dir: PathBuf,
    pub ports: [u16; 3],
    /// What the operator's shell holds.
    pub environment: Vec<(&'static str, String)>,
}

/// What a command ended with.
#[derive(Debug)]
pub struct Said {
    pub exit: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    /// What was printed as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

impl Installation {
    /// Keys, certificates and a directory in which nothing is provisional and agencies pull; no settings yet.
    pub fn bare(name: &str) -> Self {
        let installation = Installation {
            dir: folder(name),
            ports: ports(),
            environment: Vec::new(),
        };
        installation.keys();
        installation.directory();
        let mut line = vec!["cert", "dev", "--dir", "tls"];
        for tenant in [OPERATOR, BRANCH, AGENCY] {
            line.extend(["--tenant", tenant]);
        }
        installation.good(&line);
        installation
    }

    /// The whole, on SQLite and the embedded broker, with these changes to the example of the settings.
    pub fn new(name: &str, changes: &[(&str, &str)]) -> Self {
        let installation = Installation::bare(name);
        installation.fill(changes);
        installation
    }

    /// Settings, a migrated database, the directory; the operator, a branch and an agency registered.
    pub fn fill(&self, changes: &[(&str, &str)]) {
        std::fs::write(self.dir.join("hub.toml"), self.good(&["config", "example"])).unwrap();
        self.edit(changes);
        self.good(&["migrate", "--config", "hub.toml"]);
        self.good(&[
            "directory",
            "import",
            "directory",
            "--yes",
            "--config",
            "hub.toml",
        ]);
        for line in [
            [OPERATOR, "--name", "Người trực thử"].as_slice(),
            &[
                BRANCH,
                "--name",
                "Chi nhánh thử",
                "--person",
                "nv-001=Nhân viên mẫu",
            ],
            &[AGENCY],
        ] {
            let certificate = format!("tls/{}.pem", line[0]);
            let common = ["--certificate", &certificate, "--config", "hub.toml"];
            self.good(&[&["tenant", "register"], line, &common].concat());
        }
    }

    fn keys(&self) {
        std::fs::create_dir_all(self.dir.join("keys")).unwrap();
        // As the operators' page says.
        let page = include_str!("../../docs/OPERATIONS.md");
        let (_, after) = page.split_once("### Keys").expect("the section");
        let made = after
            .split("```")
            .nth(1)
            .expect("its block")
            .trim_start_matches("sh");
        let said = self.shell(&format!("umask 077; {made}"));
        assert_eq!(said.exit, Some(0), "{said:?}");
    }

    /// The shipped directory, with every provisional row made official and no agency that reads its own queue.
    fn directory(&self) {
        let own = self.dir.join("directory");
        std::fs::create_dir_all(&own).unwrap();
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/directory/hanoi");
        for (name, mut text) in material::directory_files(&shipped).unwrap() {
            if name != "succession.csv" {
                text = text.replace(",true,", ",false,").replace(",true\n", ",false\n");
            }
            std::fs::write(own.join(name), text.replace(",amqp,", ",pull,")).unwrap();
        }
    }

    /// Changes how an agency gets its dossiers.
    pub fn channel(&self, agency: &str, channel: &str) {
        let path = self.dir.join("directory/agencies.csv");
        let text = std::fs::read_to_string(&path).unwrap();
        let row = |line: &str| match line.starts_with(&format!("{agency},")) {
            true => line.replace(",pull,", &format!(",{channel},")),
            false => line.to_owned(),
        };
        let changed: Vec<String> = text.lines().map(row).collect();
        assert_ne!(text.trim_end(), changed.join("\n"));
        std::fs::write(&path, changed.join("\n") + "\n").unwrap();
    }

    /// Edits the example of the settings as an operator does: addresses, certificates, and these.
    pub fn edit(&self, changes: &[(&str, &str)]) {
        let path = self.dir.join("hub.toml");
        let mut text = std::fs::read_to_string(&path).unwrap();
        let [partner, web, operations] = self.ports;
        let own = [
            (
                "# listen = \"0.0.0.0:8443\"",
                format!("listen = \"127.0.0.1:{partner}\""),
            ),
            (
                "# listen = \"0.0.0.0:8444\"",
                format!("listen = \"127.0.0.1:{web}\""),
            ),
            (
                "# listen = \"127.0.0.1:9464\"",
                format!("listen = \"127.0.0.1:{operations}\""),
            ),
            ("hub.example.vn:8443", format!("localhost:{partner}")),
            ("hub.example.vn:8444", format!("localhost:{web}")),
            ("tls/partner.pem", "tls/server.pem".to_owned()),
            ("tls/partner.key", "tls/server.key".to_owned()),
            ("tls/web.pem", "tls/server.pem".to_owned()),
            ("tls/web.key", "tls/server.key".to_owned()),
            ("trust/partners.pem", "tls/ca.pem".to_owned()),
            // Endpoints of these tests are on this machine.
            (
                "#? allow_hosts = [\"mot-cua.so-mau.internal\"]",
                "allow_hosts = [\"localhost\"]".to_owned(),
            ),
        ];
        let own = own.iter().map(|(from, to)| (*from, to.as_str()));
        for (from, to) in own.chain(changes.iter().copied()) {
            assert!(text.contains(from), "{from} is not in the example");
            text = text.replace(from, to);
        }
        std::fs::write(&path, text).unwrap();
    }

    /// The executable with these arguments, in the folder.
    pub fn command(&self, line: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lienthong"));
        command
            .args(line)
            .current_dir(&self.dir)
            .envs(self.environment.iter().map(|(name, value)| (*name, value)));
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, line: &[&str]) -> Said {
        said(&mut self.command(line))
    }

    /// Runs a command that must end well; what it printed.
    #[track_caller]
    pub fn good(&self, line: &[&str]) -> String {
        let said = self.run(line);
        assert_eq!(said.exit, Some(0), "{line:?}: {said:?}");
        said.out
    }

    /// Runs a line of a shell in which `lienthong` is the executable.
    pub fn shell(&self, line: &str) -> Said {
        let mut command = Command::new("sh");
        command
            .args([
                "-c",
                &format!(
                    "lienthong() {{ {:?} \"$@\"; }}; {line}",
                    env!("CARGO_BIN_EXE_lienthong")
                ),
            ])
            .current_dir(&self.dir)
            .envs(self.environment.iter().map(|(name, value)| (*name, value)));
        said(&mut command)
    }

    /// A command that speaks as a tenant; a branch with its person.
    pub fn speaker(&self, tenant: &str, line: &[&str]) -> Command {
        let mut command = self.command(line);
        command
            .env("LIENTHONG_HUB", self.partner_url())
            .env("LIENTHONG_CA", "tls/ca.pem")
            .env("LIENTHONG_CERT", format!("tls/{tenant}.pem"))
            .env("LIENTHONG_KEY", format!("tls/{tenant}.key"))
            .env("LIENTHONG_AS", tenant);
        if tenant == BRANCH {
            command.args(["--staff", PERSON]);
        }
        command
    }

    /// `lienthong agent …` as a tenant.
    pub fn agent(&self, tenant: &str, verb: &str, line: &[&str]) -> Command {
        self.speaker(tenant, &[&["agent", verb], line].concat())
    }

    /// A command of the operator, through the hub's interface.
    pub fn operator(&self, line: &[&str]) -> Said {
        let mut command = self.command(line);
        command
            .env("LIENTHONG_HUB", self.partner_url())
            .env("LIENTHONG_CA", "tls/ca.pem")
            .env("LIENTHONG_CERT", format!("tls/{OPERATOR}.pem"))
            .env("LIENTHONG_KEY", format!("tls/{OPERATOR}.key"))
            .env("LIENTHONG_AS", OPERATOR);
        said(&mut command)
    }

    /// Where partners call.
    pub fn partner_url(&self) -> String {
        format!("https://localhost:{}", self.ports[0])
    }

    /// The authority of everybody's certificates.
    pub fn authority(&self) -> DevCa {
        let read = |name: &str| std::fs::read_to_string(self.dir.join("tls").join(name)).unwrap();
        DevCa::load(&read("ca.pem"), &read("ca.key")).unwrap()
    }

    /// A client with a tenant's certificate.
    pub fn http(&self, tenant: &str) -> reqwest::Client {
        let tls = self.dir.join("tls");
        http_client(&OutboundOptions {
            roots: material::certificates(&tls.join("ca.pem")).unwrap(),
            identity: Some((
                material::certificates(&tls.join(format!("{tenant}.pem"))).unwrap(),
                material::private_key(&tls.join(format!("{tenant}.key"))).unwrap(),
            )),
            timeout: Duration::from_secs(300),
            connect_timeout: Duration::from_secs(5),
        })
        .unwrap()
    }

    /// A tenant at this hub.
    pub fn partner(&self, tenant: &str) -> Partner {
        let key: TenantKey = tenant.parse().unwrap();
        let settings = Settings {
            base: self.partner_url().parse().unwrap(),
            staff: (tenant == BRANCH).then(|| PERSON.parse().unwrap()),
            tenant: key,
            point: None,
            scope: None,
            retry: Retry::BRIEF,
        };
        Partner::new(
            self.http(tenant),
            settings,
            Clock::System,
            Entropy::System.generator(),
        )
    }

    /// A call of a tenant, by hand.
    pub async fn call(&self, method: reqwest::Method, tenant: &str, path: &str) -> reqwest::RequestBuilder {
        let token = self.partner(tenant).token().await.unwrap();
        let request = self
            .http(tenant)
            .request(method, format!("{}{path}", self.partner_url()))
            .bearer_auth(token.access_token);
        match tenant {
            BRANCH => request.header("Acting-Staff", PERSON),
            _ => request,
        }
    }

    /// Files the shipped sample under a reference of its own, as the branch.
    pub async fn file(&self, reference: &str) -> reqwest::Response {
        let call = self.call(reqwest::Method::POST, BRANCH, "/v1/submissions").await;
        let call = call
            .header("Idempotency-Key", reference)
            .header("Submission-Format", "canonical/v1")
            .json(&sample(reference, &serde_json::json!([])));
        call.send().await.unwrap()
    }

    /// Starts the hub and waits until it is ready.
    pub async fn serve(&self) -> Serving {
        self.started(self.command(&["serve", "--config", "hub.toml"]))
            .await
    }

    /// The same where no file may grow beyond so many bytes, which is what a full disk does to whoever writes. The limit is a soft
    /// one: `prlimit` makes room again.
    pub async fn serve_within(&self, bytes: u64) -> Serving {
        let mut command = Command::new("bash");
        command
            .args([
                "-c",
                &format!(
                    "trap '' XFSZ; ulimit -S -f {}; exec {:?} serve --config hub.toml",
                    bytes.div_ceil(1024),
                    env!("CARGO_BIN_EXE_lienthong")
                ),
            ])
            .current_dir(&self.dir)
            .envs(self.environment.iter().map(|(name, value)| (*name, value)));
        self.started(command).await
    }

    async fn started(&self, mut command: Command) -> Serving {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.dir.join("hub.log"))
            .unwrap();
        let mut child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let (http, url) = (
            self.http(OPERATOR),
            format!("http://127.0.0.1:{}/health/ready", self.ports[2]),
        );
        until("the hub is ready", async || {
            let ended = child.try_wait().unwrap();
            let log = || std::fs::read_to_string(self.dir.join("hub.log")).unwrap();
            assert_eq!(ended, None, "{}", log());
            let answer = http.get(&url).send().await.ok()?;
            (answer.status() == 200).then_some(())
        })
        .await;
        Serving { child }
    }

    /// Leaves nothing behind.
    pub fn remove(self) {
        std::fs::remove_dir_all(&self.dir).unwrap();
    }
}

/// A hub at work. Dropped, it is killed.
pub struct Serving {
    pub child: Child,
}

impl Serving {
    /// SIGKILL: no handler runs, nothing is flushed, nothing is said.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and waits; how it ended.
    pub fn terminate(mut self) -> Option<i32> {
        let told = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(told.success());
        self.child.wait().unwrap().code()
    }

    /// A figure of the process in kilobytes, as Linux tells it: `VmRSS`, `VmHWM`.
    pub fn kilobytes(&self, of: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        kilobytes(&status, of)
    }

    /// The memory it has; its highest mark begins anew here.
    pub fn highest_from_here(&self) -> u64 {
        let before = self.kilobytes("VmRSS");
        std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").unwrap();
        before
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A figure of `/proc/…/status`, in kilobytes.
pub fn kilobytes(status: &str, figure: &str) -> u64 {
    let line = status.lines().find(|line| line.starts_with(figure)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Runs a command to its end.
pub fn said(command: &mut Command) -> Said {
    let output = command.stdin(Stdio::null()).output().unwrap();
    Said {
        exit: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Asks until the answer is there; what never comes fails the test.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(120);
    let mut look = tokio::time::interval(Duration::from_millis(50));
    loop {
        look.tick().await;
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(tokio::time::Instant::now() < deadline, "never: {what}");
    }
}

/// A moment of today or yesterday, as a document writes it.
fn an_hour_ago() -> String {
    let now = Clock::System.now().as_micros();
    Timestamp::from_micros(now - 3_600_000_000).to_string()
}

/// The shipped sample under a reference of its own, naming these files. Filed an hour ago, so that none of its limits has passed.
pub fn sample(reference: &str, files: &Value) -> Value {
    let text = include_str!("../../adapters/canonical/v1/samples/minimal.json");
    let mut dossier: Value = serde_json::from_str(text).unwrap();
    dossier["reference"] = reference.into();
    dossier["filed_at"] = an_hour_ago().into();
    if files.as_array().is_some_and(|files| !files.is_empty()) {
        dossier["components"] = serde_json::json!([{ "name": "Tờ khai", "files": files }]);
    }
    dossier
}
