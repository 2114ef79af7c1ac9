//! The authorization modes and the policy file: what [`Authorizer`](super::Authorizer) asks, in order
//! (`k8s.io/kubernetes/pkg/kubeapiserver/options/authorization.go`).

use super::super::golang::quote;
use super::authorization_webhook::AuthorizationWebhook;
use super::policy::Policies;

/// An authorization mode, as `kube-apiserver --authorization-mode` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Everything is allowed.
    AlwaysAllow,
    /// Nothing is allowed.
    AlwaysDeny,
    /// The policy file.
    Abac,
    /// The rights of kubelets. There are no kubelets: it allows nothing.
    Node,
    /// The RBAC objects of the world.
    Rbac,
    /// One of the webhooks, by its place among them.
    Webhook(usize),
}

impl Mode {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "AlwaysAllow" => Self::AlwaysAllow,
            "AlwaysDeny" => Self::AlwaysDeny,
            "ABAC" => Self::Abac,
            "Node" => Self::Node,
            "RBAC" => Self::Rbac,
            _ => return None,
        })
    }
}

/// The modes in force, with what they decide by.
#[derive(Debug)]
pub(super) struct Modes {
    all: Vec<Mode>,
    policies: Option<Policies>,
    webhooks: Vec<AuthorizationWebhook>,
    /// Whether a refusal of the policy file says so: not where a file alone turns it on, as recorded conversations have
    /// it.
    explains: bool,
}

impl Default for Modes {
    fn default() -> Self {
        Self { all: vec![Mode::AlwaysAllow], policies: None, webhooks: Vec::new(), explains: false }
    }
}

impl Modes {
    /// The policy file alone; without one everything is allowed.
    pub(super) fn of_file(policies: Option<Policies>) -> Self {
        match policies {
            Some(_) => Self { all: vec![Mode::Abac], policies, ..Self::default() },
            None => Self::default(),
        }
    }

    /// Sets the modes, by their names. Each `Webhook` among them is the next one of the webhooks.
    ///
    /// # Errors
    /// Upstream's messages for unknown and repeated modes, and for a policy file without its mode.
    pub(super) fn set(
        &mut self,
        names: &[String],
        webhooks: Vec<AuthorizationWebhook>,
    ) -> Result<(), String> {
        let mut modes = Vec::new();
        let mut places = 0..webhooks.len();
        for name in names {
            if name == "Webhook" {
                let place = places.next().ok_or_else(|| {
                    "authorization-mode Webhook's authorization config file not passed".to_owned()
                })?;
                modes.push(Mode::Webhook(place));
                continue;
            }
            let mode = Mode::named(name).ok_or_else(|| {
                let known = "AlwaysAllow, AlwaysDeny, ABAC, Node, RBAC, Webhook";
                format!("authorization-mode {} is not a valid mode; use {known}", quote(name))
            })?;
            if modes.contains(&mode) {
                let all: Vec<String> = names.iter().map(|name| quote(name)).collect();
                let all = all.join(" ");
                return Err(format!(
                    "authorization-mode [{all}] has mode specified more than once"
                ));
            }
            modes.push(mode);
        }
        match (modes.contains(&Mode::Abac), self.policies.is_some()) {
            (true, false) => {
                Err("authorization-mode ABAC's authorization policy file not passed".to_owned())
            }
            (false, true) => {
                Err("cannot specify --authorization-policy-file without mode ABAC".to_owned())
            }
            _ => {
                self.all = modes;
                self.webhooks = webhooks;
                self.explains = true;
                Ok(())
            }
        }
    }

    /// The modes, in order.
    pub(super) fn modes(&self) -> &[Mode] {
        &self.all
    }

    /// A webhook, by its place.
    pub(super) fn webhook(&self, place: usize) -> Option<&AuthorizationWebhook> {
        self.webhooks.get(place)
    }

    /// Whether webhooks are asked.
    pub(super) fn has_webhooks(&self) -> bool {
        !self.webhooks.is_empty()
    }

    /// The policy file.
    pub(super) fn policies(&self) -> Option<&Policies> {
        self.policies.as_ref()
    }

    /// Whether a refusal of the policy file says so.
    pub(super) fn explain(&self) -> bool {
        self.explains
    }

    /// Whether everything is allowed.
    pub(super) fn allow_everything(&self) -> bool {
        self.all.contains(&Mode::AlwaysAllow)
    }

    /// Whether RBAC objects decide.
    pub(super) fn has_rbac(&self) -> bool {
        self.all.contains(&Mode::Rbac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &str, with_file: bool) -> Result<Vec<Mode>, String> {
        let mut modes = Modes::of_file(with_file.then(Policies::default));
        let names: Vec<String> = names.split(',').map(str::to_owned).collect();
        modes.set(&names, Vec::new()).map(|()| modes.modes().to_vec())
    }

    #[test]
    fn lists_of_modes_are_read_as_upstream_reads_them() {
        assert_eq!(set("Node,RBAC", false).unwrap(), [Mode::Node, Mode::Rbac]);
        assert_eq!(set("RBAC,ABAC", true).unwrap(), [Mode::Rbac, Mode::Abac]);
        for (names, with_file, why) in [
            ("RBAC,Foo", false, "authorization-mode \"Foo\" is not a valid mode"),
            ("ABAC", false, "ABAC's authorization policy file not passed"),
            ("RBAC", true, "cannot specify --authorization-policy-file without mode ABAC"),
            ("RBAC,RBAC", false, "[\"RBAC\" \"RBAC\"] has mode specified more than once"),
            ("Webhook", false, "authorization-mode Webhook's authorization config file not passed"),
        ] {
            let error = set(names, with_file).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
