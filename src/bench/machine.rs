//! What Linux tells of this machine and of the processes on it, out of `/proc`.

use std::fs;

use serde::Serialize;

/// The machine it was measured on: without it no absolute figure means anything.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// Processors this process may use.
    pub cores: usize,
    /// The processor's name.
    pub cpu: String,
    /// Memory in bytes.
    pub memory: u64,
    /// Kernel.
    pub kernel: String,
}

impl Machine {
    /// This one.
    pub fn here() -> Self {
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_once(':'))
                .map(|(_, value)| value.trim().to_owned())
        };
        let (cpus, memory) = (text("/proc/cpuinfo"), text("/proc/meminfo"));
        let kilobytes =
            field(&memory, "MemTotal").and_then(|v| v.split(' ').next().and_then(|n| n.parse::<u64>().ok()));
        Machine {
            cores: std::thread::available_parallelism().map_or(1, Into::into),
            cpu: field(&cpus, "model name").unwrap_or_else(|| "?".to_owned()),
            memory: kilobytes.unwrap_or(0) * 1024,
            kernel: text("/proc/sys/kernel/osrelease").trim().to_owned(),
        }
    }
}

/// A file of `/proc`; empty where there is none: a process may end at any moment.
fn text(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// What `/proc/PID/stat` says of a process.
struct Stat {
    name: String,
    parent: u32,
    /// Of its own.
    ticks: u64,
    /// Of its children that have ended and were waited for.
    children: u64,
}

fn stat(pid: u32) -> Option<Stat> {
    let text = text(&format!("/proc/{pid}/stat"));
    // The name stands in brackets and may hold blanks and brackets itself.
    let (before, after) = text.rsplit_once(')')?;
    let name = before.split_once('(')?.1.to_owned();
    let fields: Vec<&str> = after.split_whitespace().collect();
    // Fields 4, 14 to 17 of proc_pid_stat(5); `fields` begins with the third.
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    Some(Stat {
        name,
        parent: u32::try_from(number(4)?).ok()?,
        ticks: number(14)? + number(15)?,
        children: number(16)? + number(17)?,
    })
}

/// Whether a process of this id is on this machine and has such a name.
pub fn is(pid: u32, name: &str) -> bool {
    stat(pid).is_some_and(|stat| stat.name.starts_with(name))
}

/// The parent of a process.
pub fn parent(pid: u32) -> Option<u32> {
    stat(pid).map(|stat| stat.parent)
}

fn seconds(ticks: u64) -> f64 {
    ticks as f64 / rustix::param::clock_ticks_per_second().max(1) as f64
}

/// Processor time a process has used so far, in seconds; 0 where it has ended.
pub fn cpu(pid: u32) -> f64 {
    stat(pid).map_or(0.0, |stat| seconds(stat.ticks))
}

/// The same with its children, those that have ended and those that live.
pub fn cpu_of_family(pid: u32) -> f64 {
    let Some(own) = stat(pid) else { return 0.0 };
    let living = children(pid).map(|stat| stat.ticks + stat.children).sum::<u64>();
    seconds(own.ticks + own.children + living)
}

fn children(pid: u32) -> impl Iterator<Item = Stat> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(stat).filter(move |stat| stat.parent == pid)
}

/// Begins the highest mark of a process' memory anew. Without the right to it, the mark stays that of its whole life.
pub fn forget_peak(pid: u32) {
    // 5: reset the peak of the resident set (proc_pid_clear_refs(5)).
    drop(fs::write(format!("/proc/{pid}/clear_refs"), "5"));
}

/// The most memory a process has had in use, in bytes.
pub fn peak(pid: u32) -> Option<u64> {
    let status = text(&format!("/proc/{pid}/status"));
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// Bytes free on the disk a folder is on.
pub fn free_disk(folder: &std::path::Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail * disk.f_frsize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_found_with_its_time_and_its_memory() {
        let own = std::process::id();
        assert!(parent(own).is_some() && !is(own, "beam.smp"));
        assert!(cpu(own) <= cpu_of_family(own) && peak(own).unwrap() > 1_000_000);
        assert_eq!((cpu(u32::MAX), peak(u32::MAX)), (0.0, None));
        let here = Machine::here();
        assert!(here.cores > 0 && here.memory > 0 && !here.kernel.is_empty());
    }
}
