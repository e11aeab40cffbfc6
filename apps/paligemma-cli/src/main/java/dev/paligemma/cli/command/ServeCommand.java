package dev.paligemma.cli.command;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.PipelineBuilder;
import dev.paligemma.cli.option.RuntimeOptions;
import dev.paligemma.cli.option.ServerOptions;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.generation.RequestListener;
import dev.paligemma.server.PaliGemmaServer;
import dev.paligemma.server.ServerBuilder;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code paligemma serve}: answers over HTTP until it is told to end. */
@Command(
        name = "serve",
        description = "Answer over HTTP, in the wire format of OpenAI and by typed requests.",
        footer = {
            "",
            "Examples:",
            "  paligemma serve",
            "  paligemma serve --model google/paligemma2-3b-mix-224 --precision int8",
            "  paligemma serve --host 0.0.0.0 --port 8000 --api-key-file keys.txt",
            "",
            "The server answers at once; /readyz says when the model is loaded. It ends when it is told to, as by Ctrl-C: requests"
                    + " that run are finished first."
        })
public final class ServeCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Mixin
    RuntimeOptions model = new RuntimeOptions();

    @Option(
            names = "--adapter",
            paramLabel = "[NAME=]MODEL",
            description =
                    "LoRA adapter that answers requests whose model is NAME, a folder saved by PEFT or the name of one on "
                            + "the hub; may be repeated (default of NAME: MODEL).")
    List<String> adapters = List.of();

    @Mixin
    ServerOptions server = new ServerOptions();

    @Override
    public Integer call() throws Exception {
        ServerOptions.prepareJvm(ProgressDisplay.isQuiet(spec));
        try (ProgressDisplay progress = ProgressDisplay.of(spec)) {
            ServerBuilder builder = server.builder().load(listener -> load(listener, progress));
            String name = server.modelName(model.checkpoint);
            if (name != null) {
                builder.modelName(name);
            }
            return serve(builder, progress);
        }
    }

    private int serve(ServerBuilder builder, ProgressDisplay progress) throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        Thread here = Thread.currentThread();
        try (EndSignals signals = EndSignals.to(here::interrupt);
                PaliGemmaServer running = builder.start()) {
            progress.clear();
            say(out, "listening on " + running.address());
            running.ready().toCompletableFuture().get();
            progress.clear();
            say(out, "ready");
            signals.await();
        } catch (ExecutionException e) {
            throw reason(e);
        } catch (InterruptedException e) {
            return 0; // told to end, which the server has done in good order
        }
        return 0;
    }

    private static void say(PrintWriter out, String text) {
        out.println(text);
        out.flush();
    }

    private static Exception reason(ExecutionException e) throws Exception {
        Throwable cause = e.getCause();
        if (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof Error error) {
            throw error;
        }
        return cause instanceof Exception failure ? failure : e;
    }

    private PaliGemmaPipeline load(RequestListener listener, ProgressDisplay progress) {
        PipelineBuilder builder = model.builder(model.checkpoint.folder(progress), model.precision, progress)
                .onRequest(listener);
        server.applyTo(builder);
        for (String adapter : adapters) {
            int equals = adapter.indexOf('=');
            String path = adapter.substring(equals + 1);
            builder.adapter(equals < 0 ? path : adapter.substring(0, equals), model.checkpoint.adapter(path, progress));
        }
        return builder.build();
    }
}
