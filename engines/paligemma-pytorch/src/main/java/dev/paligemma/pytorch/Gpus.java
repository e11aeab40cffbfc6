package dev.paligemma.pytorch;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;
import dev.paligemma.engine.spi.DeviceMemory;
import java.lang.management.MemoryUsage;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The GPUs that the CUDA runtime on the library path sees, without PyTorch. Stateless. */
final class Gpus {
    private static final Logger LOG = LoggerFactory.getLogger(Gpus.class);

    private Gpus() {}

    /** All GPUs that answer; none where there is no driver or no CUDA runtime. Asking a GPU takes some of its memory. */
    static List<DeviceMemory> find() {
        int count = count().orElse(0);
        List<DeviceMemory> found = new ArrayList<>();
        for (int index = 0; index < count; index++) {
            try {
                found.add(describe(index));
            } catch (LinkageError | RuntimeException e) {
                LOG.debug("GPU {} does not answer", index, e);
            }
        }
        return List.copyOf(found);
    }

    private static OptionalInt count() {
        try {
            return OptionalInt.of(CudaUtils.getGpuCount());
        } catch (LinkageError | RuntimeException e) {
            LOG.debug("no CUDA runtime", e);
            return OptionalInt.empty();
        }
    }

    private static DeviceMemory describe(int index) {
        MemoryUsage memory = CudaUtils.getGpuMemory(Device.gpu(index));
        return new DeviceMemory(
                dev.paligemma.engine.Device.cuda(index),
                describe(CudaUtils.getCudaVersion(), CudaUtils.getComputeCapability(index)),
                memory.getMax() - memory.getUsed(),
                memory.getMax());
    }

    /**
     * What is known of a GPU: the version of the CUDA runtime, such as 12080, and the digits of the compute capability, of
     * which the last is the minor one, such as "90".
     */
    static String describe(int runtime, String capability) {
        int minor = capability.length() - 1;
        return "compute capability " + capability.substring(0, minor) + "." + capability.substring(minor) + ", CUDA "
                + runtime / 1000 + "." + runtime / 10 % 10;
    }
}
