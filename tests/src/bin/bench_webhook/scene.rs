//! What every webhook of a run stands on: one kube-apiserver, one fake DNSPod, one place to run at.

use std::ops::Range;

use e2e::control_plane::{ControlPlane, ControlPlaneOptions};

use crate::fake::Fake;
use crate::webhook::Site;

pub(crate) struct Scene {
    pub(crate) plane: ControlPlane,
    pub(crate) fake: Fake,
    pub(crate) site: Site,
    unused: usize,
}

impl Scene {
    pub(crate) async fn new() -> Result<Self, String> {
        let plane = ControlPlane::start(ControlPlaneOptions::default()).await?;
        let fake = Fake::start().await?;
        let site = Site::new(&plane, &fake.reach).await?;
        Ok(Self { plane, fake, site, unused: 0 })
    }

    /// So many challenges that nobody has had yet.
    pub(crate) fn challenges(&mut self, count: usize) -> Range<usize> {
        let first = self.unused;
        self.unused += count;
        first..self.unused
    }
}
