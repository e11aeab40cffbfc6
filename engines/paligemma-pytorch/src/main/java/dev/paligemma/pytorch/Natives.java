package dev.paligemma.pytorch;

import java.util.List;
import java.util.Locale;

/**
 * Which native libraries PyTorch needs, and what to tell somebody who lacks them. Stateless.
 *
 * <p>A library of torch and the glue of Deep Java Library between it and Java must be of the same version, built for the same
 * system and the same kind of processor, its "flavor".
 */
final class Natives {
    /** The version of torch that the glue on the class path is for. */
    static final String TORCH_VERSION = "2.7.1";

    /** The version of Deep Java Library. */
    static final String DJL_VERSION = "0.35.1";

    /** The kind of CUDA that the glue is built for. */
    private static final String CUDA_FLAVOR = "cu128";

    private static final List<String> CPU_CLASSIFIERS =
            List.of("linux-x86_64", "linux-aarch64", "osx-aarch64", "win-x86_64");
    private static final List<String> CUDA_CLASSIFIERS = List.of("linux-x86_64", "win-x86_64");

    private Natives() {}

    /** The classifier of this machine. */
    static String classifier() {
        return classifier(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));
    }

    /**
     * The classifier of a machine, the end of the names of its artifacts, from the system properties {@code os.name} and
     * {@code os.arch}.
     */
    static String classifier(String osName, String osArch) {
        String system = osName.startsWith("Windows")
                ? "win"
                : osName.startsWith("Mac")
                        ? "osx"
                        : osName.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "");
        String processor = osArch.equals("amd64") ? "x86_64" : osArch.equals("arm64") ? "aarch64" : osArch;
        return system + "-" + processor;
    }

    /**
     * What to do when torch does not start; {@code found} says whether a library is on the class path or named by the
     * environment, {@code detail} what went wrong.
     */
    static String cannotStart(String classifier, boolean found, String detail) {
        String what = found
                ? "PyTorch was found but could not be loaded on " + classifier + ": " + detail
                : "engine 'pytorch' needs the native library of PyTorch for " + classifier
                        + ", which is not on the class path (" + detail + ")";
        if (!CPU_CLASSIFIERS.contains(classifier)) {
            return what + ". There is none of version " + TORCH_VERSION + " for this system, only for "
                    + CPU_CLASSIFIERS + "; use the engine 'onnx'";
        }
        return what + ". Add to the application\n" + dependency(classifier)
                + "\nwith ai.djl:api and ai.djl.pytorch:pytorch-engine of version " + DJL_VERSION
                + " and ai.djl.pytorch:pytorch-jni of version " + TORCH_VERSION + "-" + DJL_VERSION
                + ", or set the environment variables of a library that is installed:\n" + variables("cpu")
                + (classifier.startsWith("linux") ? "\nLinux needs glibc 2.29 or newer." : "");
    }

    /**
     * What to do when torch runs, but not on the GPU that was asked for; {@code withCuda} says whether the library that was
     * loaded has CUDA, {@code detail} what went wrong.
     */
    static String cannotUse(String classifier, TorchDevice device, boolean withCuda, String detail) {
        String what = "device " + device.name() + " cannot be used: ";
        if (!CUDA_CLASSIFIERS.contains(classifier)) {
            return what + "PyTorch has CUDA on " + CUDA_CLASSIFIERS + " only, and this is " + classifier;
        }
        if (withCuda) {
            return what + firstLine(detail)
                    + "\nSee whether the driver lists it (nvidia-smi) and CUDA_VISIBLE_DEVICES does not hide it.";
        }
        return what + "the library of PyTorch that was loaded computes on the CPU only, or finds no GPU ("
                + firstLine(detail)
                + "). Install PyTorch " + TORCH_VERSION
                + " for CUDA 12, take pytorch-native-cpu off the class path, and set the environment variables\n"
                + variables(CUDA_FLAVOR) + "\nThe CUDA runtime (cudart) must be on the library path.";
    }

    private static String dependency(String classifier) {
        return """
                <dependency>
                  <groupId>ai.djl.pytorch</groupId>
                  <artifactId>pytorch-native-cpu</artifactId>
                  <version>%s</version>
                  <classifier>%s</classifier>
                  <scope>runtime</scope>
                </dependency>""".formatted(TORCH_VERSION, classifier);
    }

    private static String variables(String flavor) {
        return "PYTORCH_LIBRARY_PATH=<the folder lib of the installation> PYTORCH_VERSION=" + TORCH_VERSION
                + " PYTORCH_FLAVOR=" + flavor;
    }

    /** Torch's messages go on with pages of where it was. */
    private static String firstLine(String text) {
        return text.strip().lines().findFirst().orElse("no message");
    }
}
