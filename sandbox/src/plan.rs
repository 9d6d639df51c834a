//! DNSPod's plans: what each lets a zone have.
//!
//! Numbers and names are those of the example in the documentation of `DescribePackageDetail`, the lines those of the
//! example of `DescribeRecordLineList`.

/// The plan that a zone is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Plan {
    /// `D_Free`, the older free plan.
    DFree,
    /// `DP_Free`, the free plan.
    #[default]
    DpFree,
    /// `DP_Plus`.
    DpPlus,
    /// `D_Plus`.
    DPlus,
    /// `D_Extra`.
    DExtra,
    /// `DP_Extra`.
    DpExtra,
    /// `D_Expert`.
    DExpert,
    /// `D_Ultra`.
    DUltra,
    /// `DP_Expert`.
    DpExpert,
    /// `DP_Ultra`.
    DpUltra,
    /// `DP_Local`.
    DpLocal,
}

/// What belongs to a plan.
#[derive(Debug)]
pub(crate) struct PlanDetail {
    pub(crate) plan: Plan,
    /// `DomainGrade`; zones show it in capitals.
    pub(crate) grade: &'static str,
    /// `DomainGradeCn`, which zones show as `GradeTitle`.
    pub(crate) title: &'static str,
    /// The least TTL of a record, in seconds.
    pub(crate) least_ttl: u32,
    /// How many labels the name of a record may have below the zone; no plan allows a wildcard more or less.
    pub(crate) sub_domain_levels: usize,
    /// How many records of a name may share a load; the sandbox does not act on it.
    pub(crate) record_roll: u32,
    /// How often a bought plan may be moved to another zone.
    pub(crate) changed_times: u32,
    /// Its price in Yuan a year.
    pub(crate) real_price: u32,
    pub(crate) dns_server_region: &'static str,
}

/// A line: the part of the internet that a record is for. The name servers of the sandbox are on the default line, and
/// that is all they answer.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
}

/// All plans, in the order of their `GradeLevel`, which counts from 1.
#[rustfmt::skip]
pub(crate) const PLANS: [PlanDetail; 11] = [
    detail(Plan::DFree, "D_Free", "免费版", 120, 3, 4, 0, 0, "8 个"),
    detail(Plan::DpFree, "DP_Free", "免费版", 600, 5, 2, 0, 0, "8 个"),
    detail(Plan::DpPlus, "DP_Plus", "专业版", 60, 20, 10, 10, 188, "大于 12 个"),
    detail(Plan::DPlus, "D_Plus", "个人豪华版", 1, 5, 8, 0, 698, "10 个"),
    detail(Plan::DExtra, "D_Extra", "企业 I", 60, 3, 6, 0, 588, "12 个"),
    detail(Plan::DpExtra, "DP_Extra", "企业基础版", 60, 8, 15, 3, 1288, "大于 14 个"),
    detail(Plan::DExpert, "D_Expert", "企业 II", 1, 8, 10, 0, 1988, "14 个"),
    detail(Plan::DUltra, "D_Ultra", "企业 III", 1, 12, 99_999, 0, 3688, "16 个"),
    detail(Plan::DpExpert, "DP_Expert", "企业版", 1, 30, 30, 10, 2680, "大于 16 个"),
    detail(Plan::DpUltra, "DP_Ultra", "尊享版", 1, 999, 999, 10, 29_800, "大于 20 个"),
    detail(Plan::DpLocal, "DP_Local", "DNSPod 体验版", 120, 8, 10, 0, 29_800, "8 个"),
];

/// The lines of every paid plan; a free one has the first only. DNSPod has some hundred more.
const LINES: [Line; 5] = [
    Line { id: "0", name: "默认" },
    Line { id: "3=0", name: "境外" },
    Line { id: "7=0", name: "境内" },
    Line { id: "10=0", name: "电信" },
    Line { id: "10=1", name: "联通" },
];

impl Plan {
    /// The plan that API 3.0 calls `grade`, in whatever case.
    pub(crate) fn of_grade(grade: &str) -> Option<Self> {
        let mut plans = PLANS.iter();
        plans.find(|detail| detail.grade.eq_ignore_ascii_case(grade)).map(|detail| detail.plan)
    }

    /// What belongs to it.
    pub(crate) fn detail(self) -> &'static PlanDetail {
        &PLANS[self as usize]
    }

    /// Its `GradeLevel`.
    pub(crate) fn level(self) -> usize {
        self as usize + 1
    }

    /// Whether it costs something.
    pub(crate) fn is_paid(self) -> bool {
        !matches!(self, Self::DFree | Self::DpFree)
    }

    /// The lines that its records may be for.
    pub(crate) fn lines(self) -> &'static [Line] {
        if self.is_paid() { &LINES } else { &LINES[..1] }
    }
}

/// The name of the line of this id.
pub(crate) fn line_name(id: &str) -> &'static str {
    LINES.iter().find(|line| line.id == id).unwrap_or(&LINES[0]).name
}

#[expect(
    clippy::too_many_arguments,
    reason = "one line of a table, where names would be in the way"
)]
const fn detail(
    plan: Plan,
    grade: &'static str,
    title: &'static str,
    least_ttl: u32,
    sub_domain_levels: usize,
    record_roll: u32,
    changed_times: u32,
    real_price: u32,
    dns_server_region: &'static str,
) -> PlanDetail {
    PlanDetail {
        plan,
        grade,
        title,
        least_ttl,
        sub_domain_levels,
        record_roll,
        changed_times,
        real_price,
        dns_server_region,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plan_finds_its_line_of_the_table() {
        for (index, detail) in PLANS.iter().enumerate() {
            assert_eq!(detail.plan.detail().grade, detail.grade);
            assert_eq!(detail.plan.level(), index + 1);
            assert_eq!(Plan::of_grade(&detail.grade.to_uppercase()), Some(detail.plan));
        }
        assert_eq!(Plan::default().detail().least_ttl, 600);
    }
}
