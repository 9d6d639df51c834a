//! The Helm chart in `deploy/cert-manager-webhook-dnspod`: its values as documented, the files that are generated from
//! them, and the objects that it makes.

mod bundle;
mod generated;
mod object;
mod recorded;
mod rendered;
mod values;

pub use bundle::bundle_from;
pub use generated::{Generated, VALUES_BEGIN, VALUES_END, defaults_from, readme_with_values};
pub use object::{Object, objects};
pub use recorded::{Recorded, merge};
pub use rendered::{Rendered, release, release_of};
pub use values::{Section, Setting, sections};

use std::path::{Path, PathBuf};

/// The chart's directory.
pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .with_file_name("deploy")
        .join("cert-manager-webhook-dnspod")
}
