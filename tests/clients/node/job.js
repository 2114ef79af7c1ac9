// What people do with @kubernetes/client-node, each outcome compared.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import * as k8s from '@kubernetes/client-node';

const where = { group: 'kubeflow.org', version: 'v1', namespace: 'default', plural: 'tfjobs' };
const path = '/apis/kubeflow.org/v1/namespaces/default/tfjobs';

function ok(what, holds, ...shown) {
  if (!holds) {
    console.log('FAILED:', what, JSON.stringify(shown));
    process.exit(1);
  }
  console.log('ok:', what);
}

async function eventually(what, holds, ...shown) {
  for (let n = 0; n < 1500; n++) {
    if (holds()) return ok(what, true);
    await new Promise((done) => setTimeout(done, 20));
  }
  ok(what, false, ...shown);
}

async function status(promise) {
  try {
    await promise;
    return 200;
  } catch (error) {
    return error.code;
  }
}

/** Asks the world's admin API. */
function admin(path, body) {
  const url = new URL(process.env.STANDIN_URL + '/__admin' + path);
  const ca = process.env.STANDIN_CA ? readFileSync(process.env.STANDIN_CA) : undefined;
  return new Promise((done, failed) => {
    const request = (url.protocol === 'https:' ? https : http).request(url, { method: 'POST', ca }, (answer) => {
      answer.resume().on('end', () => done(answer.statusCode));
    });
    request.on('error', failed).end(JSON.stringify(body));
  });
}

const job = (name) => ({
  apiVersion: 'kubeflow.org/v1',
  kind: 'TFJob',
  metadata: { name, labels: { app: 'demo' } },
  spec: { tfReplicaSpecs: { Worker: { replicas: 1, template: { spec: { containers: [{ name: 'tensorflow', image: 'busybox' }] } } } } },
});

const config = new k8s.KubeConfig();
config.loadFromDefault();
const core = config.makeApiClient(k8s.CoreV1Api);
const custom = config.makeApiClient(k8s.CustomObjectsApi);

ok('version', (await config.makeApiClient(k8s.VersionApi).getCode()).major === '1');
const fixture = await custom.listNamespacedCustomObject({ ...where, namespace: 'kube-test' });
ok('list of a fixture', fixture.items[0].metadata.name === 'tfjob-test');
await core.createNamespacedConfigMap({ namespace: 'default', body: { metadata: { name: 'settings' }, data: { a: '1' } } });
ok('a typed list', (await core.listNamespacedConfigMap({ namespace: 'default' })).items.some((item) => item.data.a === '1'));

// The informer lists, watches, and tells.
const list = () => custom.listNamespacedCustomObject(where);
const informer = k8s.makeInformer(config, path, list);
const told = { add: [], update: [], delete: [] };
const errors = [];
for (const event of Object.keys(told)) informer.on(event, (object) => told[event].push(object.metadata.name));
informer.on('error', (error) => {
  // stop() tells of its own end as an error.
  if (error?.name === 'AbortError') return;
  errors.push(String(error));
  setTimeout(() => informer.start(), 100);
});
await custom.createNamespacedCustomObject({ ...where, body: job('first') });
await informer.start();
await eventually('the informer tells what is there', () => told.add.includes('first'), told);
await custom.createNamespacedCustomObject({ ...where, body: job('second') });
await eventually('the informer tells what comes', () => told.add.includes('second'), told);

// Patches: the client sets the media type by an option of the call.
const media = (type) => k8s.setHeaderOptions('Content-Type', type);
const merged = await custom.patchNamespacedCustomObject({ ...where, name: 'first', body: { spec: { backoffLimit: 3 } } }, media(k8s.PatchStrategy.MergePatch));
ok('merge patch', merged.spec.backoffLimit === 3, merged);
const patched = await custom.patchNamespacedCustomObject(
  { ...where, name: 'first', body: [{ op: 'replace', path: '/spec/backoffLimit', value: 4 }] },
  media(k8s.PatchStrategy.JsonPatch),
);
ok('JSON patch', patched.spec.backoffLimit === 4, patched);
await eventually('the informer tells what changes', () => told.update.includes('first'), told);
await custom.patchNamespacedCustomObject({ ...where, name: 'applied', fieldManager: 'node', force: true, body: job('applied') }, media(k8s.PatchStrategy.ServerSideApply));
const applied = await custom.getNamespacedCustomObject({ ...where, name: 'applied' });
ok('server-side apply', applied.metadata.managedFields[0].manager === 'node', applied.metadata);
const ran = await custom.replaceNamespacedCustomObjectStatus({
  ...where,
  name: 'applied',
  body: { ...applied, status: { conditions: [{ type: 'Running', status: 'True' }] } },
});
ok('status', ran.status.conditions[0].type === 'Running', ran);

// Pages.
for (let n = 0; n < 20; n++) await custom.createNamespacedCustomObject({ ...where, body: job(`page-${String(n).padStart(2, '0')}`) });
const names = [];
let token;
do {
  const page = await custom.listNamespacedCustomObject({ ...where, limit: 7, _continue: token });
  names.push(...page.items.map((item) => item.metadata.name));
  token = page.metadata._continue ?? page.metadata.continue;
} while (token);
ok('pages', names.length === 23 && new Set(names).size === 23, names);

ok('404', (await status(custom.getNamespacedCustomObject({ ...where, name: 'absent' }))) === 404);
ok('409', (await status(custom.createNamespacedCustomObject({ ...where, body: job('first') }))) === 409);

// A watch from a revision that is gone ends with a 410.
const listed = await list();
await custom.deleteNamespacedCustomObject({ ...where, name: 'second' });
await eventually('the informer tells what goes', () => told.delete.includes('second'), told);
const now = await list();
ok('compacted', (await admin('/store/compact', { revision: now.metadata.resourceVersion })) === 200);
const gone = await new Promise((done) => {
  new k8s.Watch(config).watch(
    path,
    { resourceVersion: listed.metadata.resourceVersion },
    (type, object) => type === 'ERROR' && done(object.code),
    (error) => done(error?.statusCode ?? error?.code ?? error),
  );
});
ok('a watch from a revision that is gone', gone === 410, gone);

// The informer goes on: stopped and started it knows what happened.
await informer.stop();
await custom.deleteNamespacedCustomObject({ ...where, name: 'first' });
await custom.createNamespacedCustomObject({ ...where, body: job('third') });
await informer.start();
await eventually('a restarted informer knows what came', () => informer.get('third', 'default') !== undefined);
await eventually('a restarted informer knows what went', () => informer.get('first', 'default') === undefined && told.delete.includes('first'), told);
ok('the informer met no error', errors.length === 0, errors);

const deleted = await custom.deleteCollectionNamespacedCustomObject({ ...where, labelSelector: 'app=demo' });
ok('delete collection', ['TFJobList', 'Status'].includes(deleted.kind), deleted.kind);
await eventually('the informer is empty', () => informer.list().length === 0);
await informer.stop();
process.exit(0);
