//! Who may use the server, besides those who reach its address.

use std::net::SocketAddr;
use std::path::PathBuf;
#[cfg(feature = "cli")]
use std::sync::Arc;

#[cfg(feature = "tls")]
use crate::k8s::FrontProxy;
use crate::k8s::{ClusterObjects, Kubelet, KubernetesVersion};
#[cfg(feature = "cli")]
use crate::k8s::{EnabledApis, FeaturesOff, ServiceRanges};

use super::{Builder, RunningServer};

/// # Users and their rights
///
/// ```
/// # async fn run() -> Result<(), standin::Error> {
/// let server = standin::Server::builder().authorization_mode(["RBAC"]).start().await?;
/// # server.shutdown().await; Ok(()) }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
/// ```
impl Builder {
    /// Sets a static token file, as `kube-apiserver --token-auth-file` reads it: one
    /// `token,user,uid,"group1,group2"` a line. A request with another token is answered with 401. So is one
    /// without a token, unless a policy file says what anonymous users may do.
    ///
    /// Needs the feature `token-file`; [`Builder::start`] fails without it.
    pub fn token_auth_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.token_auth_file = Some(path.into());
        self
    }

    /// Sets an ABAC policy file, as `kube-apiserver --authorization-policy-file` reads it: one JSON object a
    /// line. A request that no line allows is answered with 403.
    pub fn authorization_policy_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.authorization_policy_file = Some(path.into());
        self
    }

    /// Sets the authorization modes, in order, by the names that `kube-apiserver --authorization-mode` has for them:
    /// `AlwaysAllow`, `AlwaysDeny`, `ABAC` (the policy file), `Node`, `RBAC` and `Webhook`. The first mode that allows a request
    /// counts. Without any it is ABAC where there is a policy file, else everything is allowed.
    ///
    /// With `RBAC` the `Role`, `ClusterRole` and binding objects of a world are its policy. Those that every cluster has
    /// are served besides, and cluster roles with an `aggregationRule` get their rules. [`Builder::start`] fails for
    /// a list that is invalid.
    pub fn authorization_mode<M: Into<String>>(
        mut self,
        modes: impl IntoIterator<Item = M>,
    ) -> Self {
        self.authorization_modes = modes.into_iter().map(Into::into).collect();
        self.sources.bootstrap_roles = self.authorization_modes.iter().any(|mode| mode == "RBAC");
        self
    }

    /// Sets who issues the tokens of service accounts, as `kube-apiserver --service-account-issuer` does: the first one is
    /// in new tokens, those of all are accepted. `audiences` are those of the server (`--api-audiences`); without any they
    /// are the issuers.
    pub fn service_account_issuers<I: Into<String>>(
        mut self,
        issuers: impl IntoIterator<Item = I>,
        audiences: impl IntoIterator<Item = I>,
    ) -> Self {
        let list = |all: &mut dyn Iterator<Item = I>| all.map(Into::into).collect();
        self.issuers = (list(&mut issuers.into_iter()), list(&mut audiences.into_iter()));
        self
    }

    /// Signs the tokens of service accounts with a private key, RSA or ECDSA on P-256 or P-384 in PEM, and accepts those
    /// that the keys of other files have signed: public keys, private ones or certificates. `jwks_uri` is where clients
    /// find the public keys, by default `/openid/v1/jwks` of this server. Without files the key is one of the process.
    #[cfg(feature = "tls")]
    pub fn service_account_keys<P: Into<PathBuf>>(
        mut self,
        signing: impl Into<PathBuf>,
        accepted: impl IntoIterator<Item = P>,
        jwks_uri: Option<String>,
    ) -> Self {
        let accepted = accepted.into_iter().map(Into::into).collect();
        self.account_keys = Some((signing.into(), accepted, jwks_uri));
        self
    }

    /// Trusts front proxies: the clients whose certificates these CAs have signed say in headers who sends a request, as
    /// `kube-apiserver --requestheader-client-ca-file` has it. Serves HTTPS; [`Builder::tls`] comes first.
    #[cfg(feature = "tls")]
    pub fn front_proxy(mut self, ca: impl Into<PathBuf>, proxy: FrontProxy) -> Self {
        self.tls = Some(self.tls.take().unwrap_or_default().front_proxy_ca(ca));
        self.front_proxy = Some(proxy);
        self
    }

    /// Whether requests without a token count as `system:anonymous`; on by default.
    pub fn anonymous_auth(mut self, on: bool) -> Self {
        self.anonymous_auth = on;
        self
    }

    /// Whether requests with a token that nobody has issued are answered with 401, also without a token file; off by
    /// default.
    pub fn checks_tokens(mut self, on: bool) -> Self {
        self.checks_tokens = on;
        self
    }

    /// Keeps a deleted pod that has a node until it is deleted without grace, as an API server does that no kubelet
    /// talks to (`podStrategy.CheckGracefulDelete`). By default it is removed at once; with [`Builder::stages`] its
    /// containers end first.
    pub fn keeps_deleted_pods(mut self, on: bool) -> Self {
        self.kubernetes.kubelet = if on { Kubelet::Absent } else { Kubelet::Unseen };
        self
    }

    /// Removes events some time after their last write where the clock is moved on, as `kube-apiserver --event-ttl` says.
    /// By default they stay.
    pub fn event_ttl(mut self, lifetime: std::time::Duration) -> Self {
        self.kubernetes.event_ttl = jiff::SignedDuration::try_from(lifetime).ok();
        self
    }

    /// Sets the release of Kubernetes that the server is: what `/version` says, and which built-in types there are. The
    /// default is the last one, 1.36.
    pub fn kubernetes_version(mut self, version: KubernetesVersion) -> Self {
        self.sources.release = version;
        self
    }

    /// Turns built-in APIs off, by the elements of `kube-apiserver --runtime-config`: `apps/v1=false`,
    /// `batch/v1/cronjobs=false`, `api/ga=false`. Versions that are not stable are not there, whatever it says.
    #[cfg(feature = "cli")]
    pub(crate) fn enabled_apis(mut self, apis: EnabledApis) -> Self {
        self.sources.apis = Arc::new(apis);
        self
    }

    /// Sets where services get their addresses and node ports, and where the service `kubernetes` leads.
    #[cfg(feature = "cli")]
    pub(crate) fn service_ranges(mut self, ranges: ServiceRanges) -> Self {
        self.sources.services = ranges.clone();
        self.kubernetes.services = ranges;
        self
    }

    /// Turns features of an API server off, by the names of their gates.
    #[cfg(feature = "cli")]
    pub(crate) fn features_off(mut self, off: FeaturesOff) -> Self {
        self.legacy_impersonation = off.constrained_impersonation;
        self.kubernetes.off = off;
        self
    }

    /// Serves no fixtures where none are named, but the Kubernetes API of a new cluster.
    pub fn without_embedded_fixtures(mut self) -> Self {
        self.sources.without_embedded = true;
        self
    }
}

/// # Controllers, and the objects of a new cluster
impl Builder {
    /// Sets which objects of a new cluster the worlds begin with, besides the namespaces and the objects of the fixtures:
    /// the service `kubernetes`, priority classes, flow control and what else an API server writes itself. By default
    /// those of the types that the fixtures define no objects of; [`Builder::profile`] with the
    /// CCI profile sets none.
    pub fn cluster_objects(mut self, which: ClusterObjects) -> Self {
        self.sources.cluster_objects = which;
        self
    }

    /// Sets which admission plugins are on besides the default ones, and which of these are off, as
    /// `kube-apiserver --enable-admission-plugins --disable-admission-plugins` names them. The default ones are
    /// upstream's, but for `ServiceAccount`. [`Builder::start`] fails for a name that no plugin has.
    ///
    /// ```
    /// let builder = standin::Server::builder().admission_plugins(["ServiceAccount"], ["Priority"]);
    /// ```
    pub fn admission_plugins<E: Into<String>, D: Into<String>>(
        mut self,
        enabled: impl IntoIterator<Item = E>,
        disabled: impl IntoIterator<Item = D>,
    ) -> Self {
        let enabled: Vec<String> = enabled.into_iter().map(Into::into).collect();
        let disabled: Vec<String> = disabled.into_iter().map(Into::into).collect();
        self.admission_plugins = (enabled, disabled);
        self
    }

    /// Sets which controllers run, as `kube-controller-manager --controllers` names them: `*` stands for all, which is
    /// the default, `NAME` turns one on and `-NAME` off. Those of workloads run with [`Builder::stages`].
    /// [`Builder::start`] fails for a name that no controller has.
    pub fn controllers<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.controllers = names.into_iter().map(Into::into).collect();
        self
    }
}

/// # Browsers
///
/// ```
/// # async fn run() -> Result<(), standin::Error> {
/// let builder = standin::Server::builder().cors_allowed_origins(["^http://localhost:3000$"]);
/// let server = builder.start().await?;
/// # server.shutdown().await; Ok(()) }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
/// ```
impl Builder {
    /// Lets pages of other origins use the server, but for `/__admin`: preflight requests are answered with 204, and all
    /// other answers name the origin. Each origin is a regular expression that is found somewhere in the `Origin` of
    /// the request, as for `kube-apiserver --cors-allowed-origins`. [`Builder::start`] fails for one that is none.
    pub fn cors_allowed_origins<O: Into<String>>(
        mut self,
        origins: impl IntoIterator<Item = O>,
    ) -> Self {
        self.cors_origins.extend(origins.into_iter().map(Into::into));
        self
    }

    /// Asks for a token on `/__admin`, as `Authorization: Bearer TOKEN` or as a password: other requests get 401, but
    /// for those of `/__admin/health`.
    pub fn admin_token(mut self, token: &str) -> Self {
        self.admin.require_token(token);
        self
    }

    /// Serves `/__admin` on an address of its own, over plain HTTP, and there alone: it can be reached while scenarios
    /// refuse connections, and clients of the other address cannot control the server. Only `/__admin/health` and
    /// `/__admin/ca` are on both.
    pub fn admin_listen(mut self, address: SocketAddr) -> Self {
        self.admin_listen = Some(address);
        self
    }
}

impl RunningServer {
    /// The URL of the address that serves `/__admin` alone, where there is one.
    #[must_use]
    pub fn admin_url(&self) -> Option<String> {
        self.admin.map(|address| format!("http://{address}"))
    }
}
