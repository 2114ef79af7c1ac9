//! The jobs of a namespace, with a token if the server requires one.

use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::client::Body;
use kube::{Client, Config, CustomResource, ResourceExt};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub const NAMESPACE: &str = "kube-test";

/// A TFJob, as far as this program reads it.
#[derive(CustomResource, Clone, Debug, Deserialize, Serialize)]
#[kube(group = "kubeflow.org", version = "v1", kind = "TFJob", plural = "tfjobs")]
#[kube(namespaced, schema = "disabled")]
#[serde(rename_all = "camelCase")]
pub struct TFJobSpec {
    tf_replica_specs: Value,
}

fn new_job(name: &str) -> TFJob {
    let container = json!({"name": "tensorflow", "image": "busybox"});
    let worker = json!({"replicas": 1, "template": {"spec": {"containers": [container]}}});
    TFJob::new(name, TFJobSpec { tf_replica_specs: json!({"Worker": worker}) })
}

pub struct Jobs {
    config: Config,
    api: Api<TFJob>,
    /// Whether a refusal is reason to fetch a token.
    fetches: bool,
}

impl Jobs {
    pub async fn new() -> kube::Result<Self> {
        let config = Config::infer().await.map_err(kube::Error::InferConfig)?;
        let api = Api::namespaced(Client::try_from(config.clone())?, NAMESPACE);
        Ok(Self { config, api, fetches: false })
    }

    pub async fn with_token() -> kube::Result<Self> {
        Ok(Self { fetches: true, ..Self::new().await? })
    }

    /// Makes a call; if its token is rejected, repeats it once with another one.
    async fn call<T>(
        &mut self,
        ask: impl AsyncFn(&Api<TFJob>) -> kube::Result<T>,
    ) -> kube::Result<T> {
        match ask(&self.api).await {
            Err(kube::Error::Api(status)) if self.fetches && status.code == 401 => {
                let Some(token) = self.fetch().await? else {
                    // The server's answer is more informative than a missing token.
                    return Err(kube::Error::Api(status));
                };
                self.config.auth_info.token = Some(token.into());
                let client = Client::try_from(self.config.clone())?;
                self.api = Api::namespaced(client, NAMESPACE);
                ask(&self.api).await
            }
            answer => answer,
        }
    }

    /// Returns another token; `None` if the server issues none.
    async fn fetch(&self) -> kube::Result<Option<String>> {
        // Without a valid token none can be sent.
        let mut anonymous = self.config.clone();
        anonymous.auth_info.token = None;
        let request = http::Request::post("/v3/auth/tokens")
            .header("content-type", "application/json")
            .body(Body::from(b"{}".to_vec()))
            .map_err(kube::Error::HttpError)?;
        let answer = Client::try_from(anonymous)?.send(request).await?;
        let token = answer.headers().get("x-subject-token");
        Ok(token.and_then(|token| token.to_str().ok()).map(str::to_owned))
    }

    /// The names of all jobs, in pages of ten.
    pub async fn list(&mut self) -> kube::Result<Vec<String>> {
        let mut names = Vec::new();
        let mut params = ListParams::default().limit(10);
        loop {
            let page = self.call(async |api| api.list(&params).await).await?;
            names.extend(page.items.iter().map(ResourceExt::name_any));
            params.continue_token = page.metadata.continue_.filter(|token| !token.is_empty());
            if params.continue_token.is_none() {
                return Ok(names);
            }
        }
    }

    pub async fn create(&mut self, name: &str) -> kube::Result<TFJob> {
        let job = new_job(name);
        self.call(async |api| api.create(&PostParams::default(), &job).await).await
    }

    pub async fn get(&mut self, name: &str) -> kube::Result<TFJob> {
        self.call(async |api| api.get(name).await).await
    }

    pub async fn label(&mut self, name: &str) -> kube::Result<TFJob> {
        let patch = Patch::Merge(json!({"metadata": {"labels": {"seen": "yes"}}}));
        self.call(async |api| api.patch(name, &PatchParams::default(), &patch).await).await
    }

    pub async fn delete(&mut self, name: &str) -> kube::Result<()> {
        self.call(async |api| api.delete(name, &DeleteParams::default()).await).await.map(drop)
    }
}
