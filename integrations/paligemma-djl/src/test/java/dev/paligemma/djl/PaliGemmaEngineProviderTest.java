package dev.paligemma.djl;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.engine.Engine;
import ai.djl.util.Ec2Utils;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PaliGemmaEngineProviderTest {
    @Test
    void isFoundAndNeverTheDefault() {
        assertThat(Engine.getAllEngines()).contains("PaliGemma");
        assertThat(Engine.getDefaultEngineName()).isNotEqualTo("PaliGemma");
        assertThat(Engine.getEngine("PaliGemma").getRank())
                .isGreaterThan(Engine.getEngine("RPC").getRank());
        assertThat(Engine.getEngine("PaliGemma").getAlternativeEngine()).isNull();
    }

    @Test
    void djlDoesNotCallHome() throws Exception {
        assertThat(started(List.of())).containsExactly("OPT_OUT_TRACKING=true", "offline=null", "lastCheckIn=0");
    }

    @Test
    void whatTheApplicationChoseIsLeftAlone() throws Exception {
        // Offline, so that the test does not call home either.
        assertThat(started(List.of("-DOPT_OUT_TRACKING=false", "-Dai.djl.offline=true")))
                .containsExactly("OPT_OUT_TRACKING=false", "offline=true", "lastCheckIn=0");
    }

    /** What another JVM, without the environment variables of this build, prints. */
    private static List<String> started(List<String> options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Start.class.getName()));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().keySet().removeAll(List.of("OPT_OUT_TRACKING", "DJL_OFFLINE"));
        Process process = builder.start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        return printed.lines().toList();
    }

    /** Starts DJL. */
    static final class Start {
        private Start() {}

        /**
         * Prints what became of its telemetry.
         *
         * @param args not used
         * @throws ReflectiveOperationException if DJL keeps the time of its last report elsewhere
         */
        public static void main(String[] args) throws ReflectiveOperationException {
            Engine.getEngine("PaliGemma");
            Field lastReport = Ec2Utils.class.getDeclaredField("lastCheckIn");
            lastReport.setAccessible(true);
            PrintStream out = System.out;
            out.println("OPT_OUT_TRACKING=" + System.getProperty("OPT_OUT_TRACKING"));
            out.println("offline=" + System.getProperty("ai.djl.offline"));
            out.println("lastCheckIn=" + lastReport.get(null));
        }
    }
}
