package standin;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceBuilder;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.io.FileInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** What people do with the fabric8 client, each outcome compared. */
public final class Job {
    private static final ResourceDefinitionContext TFJOBS = new ResourceDefinitionContext.Builder()
            .withGroup("kubeflow.org").withVersion("v1").withKind("TFJob").withPlural("tfjobs").withNamespaced(true).build();

    private static final class Told implements ResourceEventHandler<GenericKubernetesResource> {
        final ConcurrentLinkedQueue<String> events = new ConcurrentLinkedQueue<>();

        @Override
        public void onAdd(GenericKubernetesResource job) {
            events.add("add " + job.getMetadata().getName());
        }

        @Override
        public void onUpdate(GenericKubernetesResource old, GenericKubernetesResource job) {
            events.add("update " + job.getMetadata().getName());
        }

        @Override
        public void onDelete(GenericKubernetesResource job, boolean unknown) {
            events.add("delete " + job.getMetadata().getName());
        }
    }

    private static void ok(String what, boolean holds, Object shown) {
        if (!holds) {
            System.out.println("FAILED: " + what + ": " + shown);
            System.exit(1);
        }
        System.out.println("ok: " + what);
    }

    private static void eventually(String what, BooleanSupplier holds, Object shown) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!holds.getAsBoolean() && System.nanoTime() < end) {
            Thread.sleep(20);
        }
        ok(what, holds.getAsBoolean(), shown);
    }

    private static GenericKubernetesResource job(String name) {
        Object container = Map.of("name", "tensorflow", "image", "busybox");
        Object worker = Map.of("replicas", 1, "template", Map.of("spec", Map.of("containers", List.of(container))));
        GenericKubernetesResource job = new GenericKubernetesResourceBuilder()
                .withApiVersion("kubeflow.org/v1").withKind("TFJob")
                .withNewMetadata().withName(name).withNamespace("default").addToLabels("app", "demo").endMetadata()
                .build();
        job.setAdditionalProperty("spec", Map.of("tfReplicaSpecs", Map.of("Worker", worker)));
        return job;
    }

    /** Asks the world's admin API. */
    private static String admin(String method, String path, String body) throws Exception {
        HttpClient.Builder builder = HttpClient.newBuilder();
        String ca = System.getenv("STANDIN_CA");
        if (ca != null && !ca.isEmpty()) {
            KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null);
            try (FileInputStream file = new FileInputStream(ca)) {
                trusted.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(file));
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, factory.getTrustManagers(), null);
            builder.sslContext(context);
        }
        HttpRequest request = HttpRequest.newBuilder(URI.create(System.getenv("STANDIN_URL") + "/__admin" + path))
                .method(method, HttpRequest.BodyPublishers.ofString(body)).build();
        HttpResponse<String> answer = builder.build().send(request, HttpResponse.BodyHandlers.ofString());
        ok(path, answer.statusCode() == 200, answer.body());
        return answer.body();
    }

    public static void main(String[] args) throws Exception {
        String how = args[0];
        try (KubernetesClient client = new KubernetesClientBuilder().build()) {
            var jobs = client.genericKubernetesResources(TFJOBS).inNamespace("default");
            ok("version", "1".equals(client.getKubernetesVersion().getMajor()), client.getKubernetesVersion());
            ok("a fixture", client.genericKubernetesResources(TFJOBS).inNamespace("kube-test").withName("tfjob-test").get() != null, null);

            // A built-in type.
            ConfigMap map = new ConfigMapBuilder().withNewMetadata().withName("settings").withNamespace("default").endMetadata().addToData("a", "1").build();
            client.resource(map).create();
            client.configMaps().inNamespace("default").withName("settings").edit(found -> new ConfigMapBuilder(found).addToData("b", "2").build());
            Map<String, String> data = client.configMaps().inNamespace("default").withName("settings").get().getData();
            ok("edit", Map.of("a", "1", "b", "2").equals(data), data);

            // The informer lists and watches.
            jobs.resource(job("first")).create();
            Told told = new Told();
            SharedIndexInformer<GenericKubernetesResource> informer = jobs.inform(told);
            ok("the informer knows what is there", informer.hasSynced() && informer.getStore().getByKey("default/first") != null, told.events);
            jobs.resource(job("second")).create();
            eventually("the informer tells what comes", () -> told.events.contains("add second"), told.events);
            String journal = admin("GET", "/requests", "");
            boolean refused = journal.contains("no-upgrade/no-upgrade");
            boolean upgraded = Pattern.compile("\"upgrade\"\\s*:\\s*\"websocket\"", Pattern.CASE_INSENSITIVE).matcher(journal).find();
            ok("the watch is by " + how, refused == how.equals("streaming") && upgraded, "refused: " + refused + ", upgraded: " + upgraded);

            // Patch and server-side apply.
            GenericKubernetesResource patched = jobs.withName("first").patch(PatchContext.of(PatchType.JSON_MERGE), "{\"spec\":{\"backoffLimit\":3}}");
            ok("merge patch", Integer.valueOf(3).equals(patched.get("spec", "backoffLimit")), patched);
            eventually("the informer tells what changes", () -> told.events.contains("update first"), told.events);
            GenericKubernetesResource applied = jobs.resource(job("applied")).fieldManager("fabric8").serverSideApply();
            ok("server-side apply", "fabric8".equals(applied.getMetadata().getManagedFields().get(0).getManager()), applied);
            GenericKubernetesResource other = job("applied");
            other.getMetadata().getLabels().put("app", "other");
            try {
                jobs.resource(other).fieldManager("other").serverSideApply();
                ok("a conflict", false, null);
            } catch (KubernetesClientException error) {
                ok("a conflict", error.getCode() == 409, error);
            }
            other = jobs.resource(other).fieldManager("other").forceConflicts().serverSideApply();
            ok("by force", "other".equals(other.getMetadata().getLabels().get("app")), other);

            // Somebody else sets the status, a moment later.
            CompletableFuture<Void> later = CompletableFuture.runAsync(() -> {
                GenericKubernetesResource running = jobs.withName("second").get();
                running.setAdditionalProperty("status", Map.of("conditions", List.of(Map.of("type", "Running", "status", "True"))));
                jobs.resource(running).updateStatus();
            }, CompletableFuture.delayedExecutor(300, TimeUnit.MILLISECONDS));
            GenericKubernetesResource running = jobs.withName("second").waitUntilCondition(
                    found -> found != null && "Running".equals(found.get("status", "conditions", 0, "type")), 20, TimeUnit.SECONDS);
            later.get(20, TimeUnit.SECONDS);
            ok("waitUntilCondition", running.getMetadata().getName().equals("second"), running);

            // Pages.
            for (int n = 0; n < 7; n++) {
                jobs.resource(job("page-" + n)).create();
            }
            int count = 0;
            String token = null;
            do {
                var page = jobs.list(new ListOptionsBuilder().withLimit(4L).withContinue(token).build());
                count += page.getItems().size();
                token = page.getMetadata().getContinue();
            } while (token != null && !token.isEmpty());
            ok("pages", count == 10, count);

            // A watch from a revision that is gone.
            String revision = jobs.list().getMetadata().getResourceVersion();
            jobs.withName("page-0").delete();
            eventually("the informer tells what goes", () -> told.events.contains("delete page-0"), told.events);
            admin("POST", "/store/compact", "{\"revision\": \"" + jobs.list().getMetadata().getResourceVersion() + "\"}");
            CompletableFuture<WatcherException> closed = new CompletableFuture<>();
            jobs.watch(new ListOptionsBuilder().withResourceVersion(revision).build(), new Watcher<GenericKubernetesResource>() {
                @Override
                public void eventReceived(Action action, GenericKubernetesResource resource) {
                }

                @Override
                public void onClose(WatcherException cause) {
                    closed.complete(cause);
                }
            });
            ok("a watch from a revision that is gone", closed.get(20, TimeUnit.SECONDS).isHttpGone(), null);
            jobs.resource(job("third")).create();
            eventually("the informer goes on", () -> told.events.contains("add third"), told.events);

            jobs.withLabel("app").delete();
            eventually("the informer is empty", () -> informer.getStore().list().isEmpty(), informer.getStore().list());
            informer.stop();
        }
        System.exit(0);
    }
}
