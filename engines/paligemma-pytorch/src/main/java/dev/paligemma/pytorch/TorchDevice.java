package dev.paligemma.pytorch;

import dev.paligemma.engine.Device;

/**
 * A device as torch names it: the one place that knows those names. Immutable.
 *
 * @param name for example {@code cuda:1}
 * @param separate whether its memory is not the computer's, so that inputs and weights are copied to it. Results are
 *     copied from every device, as the caller says where they go
 */
record TorchDevice(String name, boolean separate) {
    /** The device of an engine's options. */
    static TorchDevice of(Device device) {
        return new TorchDevice(device.toString(), device.kind() != Device.Kind.CPU);
    }

    /** The device as an expression of a script. */
    String expression() {
        return "torch.device(\"" + name + "\")";
    }

    /** Whether it is a GPU, whose memory torch keeps for later unless it is told to give it back. */
    boolean isGpu() {
        return name.startsWith("cuda");
    }
}
