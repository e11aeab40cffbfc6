package dev.paligemma.hub;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** A program that downloads a checkpoint, to be killed. */
final class DownloadingProcess {
    private DownloadingProcess() {}

    /** @param args the hub's address, the cache folder, and perhaps a word to be offline */
    public static void main(String[] args) {
        HubClient client = new HubClient.Builder(new HubEnvironment(Map.of(), args[1]))
                .endpoint(args[0])
                .cacheFolder(Path.of(args[1]))
                .offline(args.length > 2)
                .backoff(Duration.ofMillis(5), Duration.ofMillis(50))
                .build();
        System.out.println("ready");
        Path folder = client.snapshot(HubModel.parse(FakeHub.ID), FileSet.CHECKPOINT, DownloadListener.NONE);
        System.out.println(folder);
    }
}
