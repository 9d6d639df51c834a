//! What kube-apiserver was asked, by its own metrics.

use e2e::control_plane::ControlPlane;
use reqwest::Method;
use serde_json::Value;

/// Requests so far, of everybody.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// Secrets that were read, one each.
    pub(crate) secrets: f64,
    /// `SubjectAccessReview`s.
    pub(crate) access_reviews: f64,
}

impl Asked {
    pub(crate) async fn now(plane: &ControlPlane) -> Result<Self, String> {
        let metrics = plane.admin().request(Method::GET, "/metrics", None).await;
        let Value::String(metrics) = metrics.map_err(|error| error.to_string())? else {
            return Err("kube-apiserver has no metrics".to_owned());
        };
        Ok(Self {
            secrets: total(&metrics, "secrets", "GET"),
            access_reviews: total(&metrics, "subjectaccessreviews", "POST"),
        })
    }
}

/// The sum of the counters of this resource and verb.
fn total(metrics: &str, resource: &str, verb: &str) -> f64 {
    let (resource, verb) = (format!("resource=\"{resource}\""), format!("verb=\"{verb}\""));
    let counters = metrics.lines().filter(|line| {
        line.starts_with("apiserver_request_total{")
            && line.contains(&resource)
            && line.contains(&verb)
    });
    counters.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_of_all_codes_are_added() {
        let metrics = "# TYPE apiserver_request_total counter\n\
            apiserver_request_total{code=\"200\",resource=\"secrets\",verb=\"GET\"} 7\n\
            apiserver_request_total{code=\"404\",resource=\"secrets\",verb=\"GET\"} 1\n\
            apiserver_request_total{code=\"200\",resource=\"secrets\",verb=\"LIST\"} 20\n\
            apiserver_request_duration_seconds_count{resource=\"secrets\",verb=\"GET\"} 100\n";
        assert!((total(metrics, "secrets", "GET") - 8.0).abs() < f64::EPSILON);
    }
}
