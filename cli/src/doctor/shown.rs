//! What `certctl doctor` prints.

use std::fmt::Write as _;

use serde_json::json;

use super::walk::Diagnosis;
use crate::report::{Report, one_line};

/// How it is wanted.
pub(super) struct Shown {
    /// One JSON object a line.
    pub(super) json: bool,
    /// What was looked at as well.
    pub(super) steps: bool,
}

impl Shown {
    /// Of each Certificate a line, and for one that is not ready, or is not renewed, a line what to do.
    pub(super) fn text(&self, all: &[Diagnosis]) -> Result<String, Report> {
        let mut text = String::new();
        for diagnosis in all {
            if self.json {
                text.push_str(&encoded(diagnosis)?);
            } else {
                self.lines(diagnosis, &mut text);
            }
        }
        if all.is_empty() && !self.json {
            text.push_str("there are no Certificates here\n");
        }
        Ok(text)
    }

    fn lines(&self, diagnosis: &Diagnosis, text: &mut String) {
        let Diagnosis { namespace, name, ready, not_after, found, steps } = diagnosis;
        if self.steps {
            for step in steps {
                let _ = writeln!(text, "  {}", one_line(step));
            }
            if let Some(found) = found {
                let cause = found.cause;
                let _ = writeln!(text, "  {}: {}", cause.name(), cause.seen());
            }
        }
        let _ = match found {
            None => writeln!(text, "READY {namespace}/{name}"),
            Some(found) => {
                let what = one_line(&found.what);
                let hint = found.cause.remedy();
                let state = match ready {
                    true => format!("RENEWAL FAILS {namespace}/{name}, good until {not_after}"),
                    false => format!("NOT READY {namespace}/{name}"),
                };
                writeln!(text, "{state}: {what}\nhint: {hint}")
            }
        };
    }
}

fn encoded(diagnosis: &Diagnosis) -> Result<String, Report> {
    let Diagnosis { namespace, name, ready, not_after, found, steps } = diagnosis;
    let found = found.as_ref();
    let value = json!({
        "namespace": namespace,
        "certificate": name,
        "ready": ready,
        "not_after": Some(not_after).filter(|time| !time.is_empty()),
        "cause": found.map(|found| found.cause.name()),
        "what": found.map(|found| one_line(&found.what)),
        "hint": found.map(|found| found.cause.remedy()),
        "exit": found.map_or(0, |found| found.cause.exit().code()),
        "steps": steps.iter().map(|step| one_line(step)).collect::<Vec<_>>(),
    });
    let line = serde_json::to_string(&value);
    line.map(|line| line + "\n")
        .map_err(|error| Report::internal(format_args!("cannot encode it: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::cause::Cause;
    use crate::doctor::walk::Found;

    fn diagnosis(ready: bool, found: Option<Found>) -> Diagnosis {
        Diagnosis {
            namespace: "shop".to_owned(),
            name: "ws".to_owned(),
            ready,
            not_after: "2026-12-20T08:00:00Z".to_owned(),
            found,
            steps: Vec::new(),
        }
    }

    #[test]
    fn a_line_says_how_it_stands_and_a_second_one_what_to_do() {
        let found = || Some(Found::new(Cause::DnspodBusy, "DNSPod is busy"));
        let all = [diagnosis(true, None), diagnosis(true, found()), diagnosis(false, found())];
        let text = Shown { json: false, steps: false }.text(&all).ok();
        assert_eq!(
            text.as_deref(),
            Some(
                "READY shop/ws\n\
                 RENEWAL FAILS shop/ws, good until 2026-12-20T08:00:00Z: DNSPod is busy\n\
                 hint: wait: cert-manager asks again by itself\n\
                 NOT READY shop/ws: DNSPod is busy\n\
                 hint: wait: cert-manager asks again by itself\n"
            )
        );
    }
}
