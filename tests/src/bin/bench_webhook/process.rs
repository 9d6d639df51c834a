//! What Linux says of a process (proc(5)).

use std::time::Duration;

use nix::unistd::Pid;

/// The resident set, in MiB.
pub(crate) fn resident(pid: Pid) -> Result<f64, String> {
    let path = format!("/proc/{pid}/status");
    let status = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = kib.and_then(|kib| kib.trim().split(' ').next()?.parse::<f64>().ok());
    kib.map(|kib| kib / 1024.0).ok_or_else(|| format!("no VmRSS in {path}"))
}

/// The processor time that its threads have used so far; those that have ended are not in it.
pub(crate) fn processor_time(pid: Pid) -> Result<Duration, String> {
    let path = format!("/proc/{pid}/task");
    let threads = std::fs::read_dir(&path).map_err(|error| format!("{path}: {error}"))?;
    let used = threads.flatten().filter_map(|thread| {
        let times = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        times.split(' ').next()?.parse::<u64>().ok()
    });
    Ok(Duration::from_nanos(used.sum()))
}
