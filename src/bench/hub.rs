//! The executable under measurement: commands run to their end, hubs started and stopped as an operator does it.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::error::{BenchError, Result};

/// How long a hub may take until it is ready, and until it has ended.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// Lines of a log that are told, and characters of one.
const TOLD: usize = 5;
const LONGEST: usize = 240;

/// Runs a command of the executable in a folder, to its end.
///
/// # Errors
/// With its last words, when it does not end well.
pub async fn command(executable: &Path, folder: &Path, line: &[&str]) -> Result<()> {
    let said = line.join(" ");
    let mut command = Command::new(executable);
    command.args(line).current_dir(folder).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    let output = output
        .map_err(BenchError::of(&said))?
        .map_err(BenchError::of(&said))?;
    if output.status.success() {
        return Ok(());
    }
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    Err(BenchError::said(format!(
        "lienthong {said}: {} {}",
        out.trim(),
        err.trim()
    )))
}

/// A hub at work. Dropped, it is killed.
pub struct HubProcess {
    child: Child,
    log: PathBuf,
    /// Bytes the log had before: another start's.
    before: u64,
    ended: bool,
}

/// How a hub ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Its exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// How many lines its log has: it is asked for warnings only.
    pub lines: usize,
    /// The first of them.
    pub first: Vec<String>,
}

impl HubProcess {
    /// Starts `lienthong serve` and waits until it says on its operations port that it is ready.
    ///
    /// # Errors
    /// It ended, or was not ready in time; with its log.
    pub async fn start(executable: &Path, folder: &Path, settings: &str, port: u16) -> Result<Self> {
        let hub = HubProcess::begin(executable, folder, settings)?;
        hub.until_ready(port).await
    }

    /// Starts it and does not wait.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn begin(executable: &Path, folder: &Path, settings: &str) -> Result<Self> {
        let log = folder.join(settings).with_extension("log");
        let writer = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .map_err(BenchError::of(log.display()))?;
        let before = writer.metadata().map_or(0, |log| log.len());
        let child = Command::new(executable)
            .args(["serve", "--config", settings])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(writer)
            .spawn()
            .map_err(BenchError::of(executable.display()))?;
        Ok(HubProcess {
            child,
            log,
            before,
            ended: false,
        })
    }

    /// Waits until it is ready.
    ///
    /// # Errors
    /// As [`HubProcess::start`].
    pub async fn until_ready(mut self, port: u16) -> Result<Self> {
        let begun = Instant::now();
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                self.ended = true;
                let last = self.words().1.join("; ");
                return Err(BenchError::said(format!("the hub ended with {status}: {last}")));
            }
            if ready(port).await {
                return Ok(self);
            }
            if begun.elapsed() > PATIENCE {
                let last = self.words().1.join("; ");
                return Err(BenchError::said(format!("the hub is not ready: {last}")));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Tells it to end (SIGTERM) and waits.
    ///
    /// # Errors
    /// It does not end.
    pub async fn stop(mut self) -> Result<Ended> {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM).map_err(BenchError::of("SIGTERM"))?;
        let begun = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => {
                    self.ended = true;
                    let (lines, first) = self.words();
                    return Ok(Ended {
                        code: status.code(),
                        lines,
                        first,
                    });
                }
                Ok(None) if begun.elapsed() < PATIENCE => tokio::time::sleep(LOOK).await,
                Ok(None) => return Err(BenchError::said("the hub does not end")),
                Err(error) => return Err(BenchError::of("the hub")(error)),
            }
        }
    }

    /// How many lines its log has, and the first of them.
    fn words(&self) -> (usize, Vec<String>) {
        let all = std::fs::read(&self.log).unwrap_or_default();
        let own = all
            .get(usize::try_from(self.before).unwrap_or(0)..)
            .unwrap_or_default();
        let text = String::from_utf8_lossy(own);
        let short = |line: &str| line.chars().take(LONGEST).collect();
        let first = text.lines().take(TOLD).map(short).collect();
        (text.lines().count(), first)
    }
}

impl Drop for HubProcess {
    fn drop(&mut self) {
        if !self.ended {
            // It may have ended meanwhile.
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// Whether the hub answers 200 to the question; by hand, since it is asked while it does not listen yet.
async fn ready(port: u16) -> bool {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let asked = async {
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
        stream
            .write_all(b"GET /health/ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            .await?;
        let mut head = [0; 12];
        stream.read_exact(&mut head).await?;
        std::io::Result::Ok(head)
    };
    let answer = tokio::time::timeout(Duration::from_secs(2), asked).await;
    matches!(answer, Ok(Ok(head)) if head == *b"HTTP/1.1 200")
}

/// Writes a file only its owner can read.
///
/// # Errors
/// It cannot be written.
pub fn write_private(path: &Path, text: &str) -> Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let opened: std::io::Result<File> = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(path);
    opened
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(BenchError::of(path.display()))
}
