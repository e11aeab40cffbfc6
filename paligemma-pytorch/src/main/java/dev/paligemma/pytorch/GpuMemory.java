package dev.paligemma.pytorch;

import ai.djl.util.cuda.CudaUtils;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import java.lang.management.MemoryUsage;

/**
 * The memory of an NVIDIA GPU at one moment, as its driver counts it, other programs included. Immutable.
 *
 * @param freeBytes what can be allocated
 * @param totalBytes all there is
 */
public record GpuMemory(long freeBytes, long totalBytes) {
    /**
     * Asks the driver.
     *
     * @param device a GPU
     * @return its memory now
     * @throws IllegalArgumentException if the device is not a GPU
     * @throws EngineException if there is no such GPU, or the CUDA runtime is not on the library path
     */
    public static GpuMemory of(Device device) {
        if (device.kind() != Device.Kind.CUDA) {
            throw new IllegalArgumentException("device " + device + " has no memory of its own");
        }
        try {
            MemoryUsage usage = CudaUtils.getGpuMemory(ai.djl.Device.gpu(device.index()));
            return new GpuMemory(usage.getMax() - usage.getUsed(), usage.getMax());
        } catch (IllegalStateException | ai.djl.engine.EngineException e) {
            throw new EngineException("the memory of " + device + " cannot be asked for: " + e.getMessage(), e);
        }
    }
}
