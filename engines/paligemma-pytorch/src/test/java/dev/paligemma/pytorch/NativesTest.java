package dev.paligemma.pytorch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.engine.Device;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NativesTest {
    private static final TorchDevice GPU = TorchDevice.of(Device.cuda(1));

    @ParameterizedTest
    @CsvSource({
        "Linux, amd64, linux-x86_64",
        "Linux, x86_64, linux-x86_64",
        "Linux, aarch64, linux-aarch64",
        "Linux, riscv64, linux-riscv64",
        "Mac OS X, aarch64, osx-aarch64",
        "Mac OS X, x86_64, osx-x86_64",
        "Windows 11, amd64, win-x86_64",
        "Windows Server 2022, aarch64, win-aarch64",
        "FreeBSD, amd64, freebsd-x86_64",
    })
    void classifierIsThatOfTheArtifacts(String osName, String osArch, String expected) {
        assertThat(Natives.classifier(osName, osArch)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"linux-x86_64", "linux-aarch64", "osx-aarch64", "win-x86_64"})
    void missingLibraryIsNamedAsMavenWantsIt(String classifier) {
        assertThat(Natives.cannotStart(classifier, false, "no file"))
                .contains("not on the class path (no file)")
                .contains("""
                        <dependency>
                          <groupId>ai.djl.pytorch</groupId>
                          <artifactId>pytorch-native-cpu</artifactId>
                          <version>2.7.1</version>
                          <classifier>%s</classifier>
                          <scope>runtime</scope>
                        </dependency>
                        """.formatted(classifier))
                .contains("pytorch-jni of version 2.7.1-0.35.1")
                .contains("PYTORCH_LIBRARY_PATH=", "PYTORCH_VERSION=2.7.1", "PYTORCH_FLAVOR=cpu");
    }

    @Test
    void onlyLinuxIsToldOfItsCLibrary() {
        assertThat(Natives.cannotStart("linux-aarch64", true, "x")).contains("glibc 2.29");
        assertThat(Natives.cannotStart("win-x86_64", true, "x")).doesNotContain("glibc");
    }

    @Test
    void libraryThatIsThereIsNotCalledMissing() {
        assertThat(Natives.cannotStart(
                        "linux-x86_64", true, "PyTorch jni not found: /jnilib/linux-x86_64/cpu-precxx11"))
                .contains("could not be loaded", "cpu-precxx11")
                .doesNotContain("not on the class path");
    }

    @ParameterizedTest
    @ValueSource(strings = {"osx-x86_64", "win-aarch64", "linux-riscv64", "freebsd-x86_64"})
    void systemWithoutLibraryIsToldSo(String classifier) {
        assertThat(Natives.cannotStart(classifier, false, "x"))
                .contains("none of version 2.7.1 for this system", "linux-x86_64", "'onnx'")
                .doesNotContain("<dependency>");
    }

    @ParameterizedTest
    @ValueSource(strings = {"linux-x86_64", "win-x86_64"})
    void cpuLibraryAskedForAGpuSaysWhatToInstall(String classifier) {
        assertThat(Natives.cannotUse(classifier, GPU, false, "Could not run 'aten::zeros'\nat ...\n"))
                .contains("device cuda:1", "CPU only", "(Could not run 'aten::zeros')")
                .contains("PYTORCH_LIBRARY_PATH=", "PYTORCH_VERSION=2.7.1", "PYTORCH_FLAVOR=cu128")
                .doesNotContain("at ...");
    }

    @Test
    void cudaLibraryWithoutThatGpuSaysWhatTorchSays() {
        assertThat(Natives.cannotUse("linux-x86_64", GPU, true, "CUDA error: invalid device ordinal"))
                .contains("device cuda:1", "invalid device ordinal", "nvidia-smi")
                .doesNotContain("PYTORCH_FLAVOR");
    }

    @ParameterizedTest
    @ValueSource(strings = {"linux-aarch64", "osx-aarch64", "osx-x86_64"})
    void systemWithoutCudaIsToldSo(String classifier) {
        assertThat(Natives.cannotUse(classifier, GPU, false, "x"))
                .contains("CUDA on [linux-x86_64, win-x86_64] only", classifier)
                .doesNotContain("PYTORCH_FLAVOR");
    }

    /** They stand in messages and in the build, and must be the same. */
    @Test
    void versionsAreThoseOfTheClassPath() {
        assertThat(TorchRuntime.start(TorchDevice.of(Device.CPU)).getVersion()).startsWith(Natives.TORCH_VERSION);
        assertThat(ai.djl.engine.Engine.getDjlVersion()).isEqualTo(Natives.DJL_VERSION);
    }
}
