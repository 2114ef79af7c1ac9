//! The names of admission plugins, and which of them are on
//! (`pkg/kubeapiserver/options/plugins.go` of `k8s.io/kubernetes`).

use super::super::super::golang::quote;

/// A plugin that something here asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super::super) enum Plugin {
    NamespaceLifecycle,
    AntiAffinity,
    LimitRanger,
    ServiceAccount,
    TaintNodesByCondition,
    AlwaysPullImages,
    PodSecurity,
    Priority,
    DefaultTolerationSeconds,
    ExtendedResourceToleration,
    DefaultStorageClass,
    StorageObjectInUseProtection,
    PersistentVolumeClaimResize,
    RuntimeClass,
    CertificateApproval,
    CertificateSigning,
    ClusterTrustBundleAttest,
    CertificateSubjectRestriction,
    DefaultIngressClass,
    DenyServiceExternalIps,
    PodTopologyLabels,
    PodResizeValidator,
    ResourceQuota,
    AlwaysDeny,
}

/// The plugins that have an effect here, whether upstream has them on by default, and their names.
const EFFECTIVE: [(Plugin, bool, &str); 24] = [
    (Plugin::NamespaceLifecycle, true, "NamespaceLifecycle"),
    (Plugin::AntiAffinity, false, "LimitPodHardAntiAffinityTopology"),
    (Plugin::LimitRanger, true, "LimitRanger"),
    (Plugin::ServiceAccount, true, "ServiceAccount"),
    (Plugin::TaintNodesByCondition, true, "TaintNodesByCondition"),
    (Plugin::AlwaysPullImages, false, "AlwaysPullImages"),
    (Plugin::PodSecurity, true, "PodSecurity"),
    (Plugin::Priority, true, "Priority"),
    (Plugin::DefaultTolerationSeconds, true, "DefaultTolerationSeconds"),
    (Plugin::ExtendedResourceToleration, false, "ExtendedResourceToleration"),
    (Plugin::DefaultStorageClass, true, "DefaultStorageClass"),
    (Plugin::StorageObjectInUseProtection, true, "StorageObjectInUseProtection"),
    (Plugin::PersistentVolumeClaimResize, true, "PersistentVolumeClaimResize"),
    (Plugin::RuntimeClass, true, "RuntimeClass"),
    (Plugin::CertificateApproval, true, "CertificateApproval"),
    (Plugin::CertificateSigning, true, "CertificateSigning"),
    (Plugin::ClusterTrustBundleAttest, true, "ClusterTrustBundleAttest"),
    (Plugin::CertificateSubjectRestriction, true, "CertificateSubjectRestriction"),
    (Plugin::DefaultIngressClass, true, "DefaultIngressClass"),
    (Plugin::DenyServiceExternalIps, false, "DenyServiceExternalIPs"),
    (Plugin::PodTopologyLabels, true, "PodTopologyLabels"),
    (Plugin::PodResizeValidator, true, "PodResizeValidator"),
    (Plugin::ResourceQuota, true, "ResourceQuota"),
    (Plugin::AlwaysDeny, false, "AlwaysDeny"),
];

/// The plugins that are known by name, and that nothing here asks for: what they check is not there (kubelets, image
/// policies), or is the case anyway; webhooks and policies have their own stage.
const INERT: [&str; 17] = [
    "AlwaysAdmit",
    "EventRateLimit",
    "ImagePolicyWebhook",
    "JobValidation",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionWebhook",
    "NamespaceAutoProvision",
    "NamespaceExists",
    "NodeDeclaredFeatureValidator",
    "NodeRestriction",
    "OwnerReferencesPermissionEnforcement",
    "PodGroupProtection",
    "PodGroupWorkloadExists",
    "PodNodeSelector",
    "PodTolerationRestriction",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionWebhook",
];

/// The admission plugins that are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AdmissionPlugins(u32);

impl Default for AdmissionPlugins {
    /// Upstream's default, but for `ServiceAccount`: nothing makes the accounts that pods would need.
    fn default() -> Self {
        let on =
            EFFECTIVE.iter().filter(|(plugin, on, _)| *on && *plugin != Plugin::ServiceAccount);
        Self(on.fold(0, |set, (plugin, ..)| set | bit(*plugin)))
    }
}

const fn bit(plugin: Plugin) -> u32 {
    1 << plugin as u32
}

impl AdmissionPlugins {
    /// The default, with some plugins on and others off.
    ///
    /// # Errors
    /// Names that no plugin has, or that are in both lists, in upstream's words (`AdmissionOptions.Validate` of
    /// `k8s.io/apiserver`).
    pub(crate) fn parse(enabled: &[String], disabled: &[String]) -> Result<Self, String> {
        let mut errors = Vec::new();
        let mut set = Self::default();
        for (option, names, on) in [("enable", enabled, true), ("disable", disabled, false)] {
            for name in names {
                match EFFECTIVE.iter().find(|(.., known)| known == name) {
                    Some((plugin, ..)) if on => set.0 |= bit(*plugin),
                    Some((plugin, ..)) => set.0 &= !bit(*plugin),
                    None if INERT.contains(&name.as_str()) => {}
                    None => errors.push(format!(
                        "{option}-admission-plugins plugin {} is unknown",
                        quote(name)
                    )),
                }
            }
        }
        let mut both: Vec<&str> =
            enabled.iter().filter(|name| disabled.contains(name)).map(String::as_str).collect();
        both.sort_unstable();
        both.dedup();
        if !both.is_empty() {
            errors.push(format!(
                "[{}] in enable-admission-plugins and disable-admission-plugins overlapped",
                both.join(" ")
            ));
        }
        match errors.as_slice() {
            [] => Ok(set),
            [one] => Err(one.clone()),
            many => Err(format!("[{}]", many.join(", "))),
        }
    }

    /// Whether a plugin is on.
    pub(in super::super::super) fn has(self, plugin: Plugin) -> bool {
        self.0 & bit(plugin) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(enabled: &[&str], disabled: &[&str]) -> Result<AdmissionPlugins, String> {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        AdmissionPlugins::parse(&owned(enabled), &owned(disabled))
    }

    #[test]
    fn plugins_are_on_as_upstream_has_them_but_for_service_accounts() {
        let set = parse(&[], &[]).unwrap();
        assert_eq!(set, AdmissionPlugins::default());
        assert!(set.has(Plugin::PodSecurity) && set.has(Plugin::ResourceQuota));
        assert!(!set.has(Plugin::ServiceAccount) && !set.has(Plugin::AlwaysPullImages));
        let set = parse(&["ServiceAccount", "NodeRestriction"], &["Priority"]).unwrap();
        assert!(set.has(Plugin::ServiceAccount) && !set.has(Plugin::Priority));
    }

    #[test]
    fn unknown_names_and_contradictions_are_upstreams_errors() {
        assert_eq!(
            parse(&["Foo"], &["Priority"]).unwrap_err(),
            "enable-admission-plugins plugin \"Foo\" is unknown"
        );
        assert_eq!(
            parse(&["Priority"], &["Priority", "Bar"]).unwrap_err(),
            "[disable-admission-plugins plugin \"Bar\" is unknown, [Priority] in enable-admission-plugins and \
             disable-admission-plugins overlapped]"
        );
    }
}
