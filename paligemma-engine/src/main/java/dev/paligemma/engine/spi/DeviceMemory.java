package dev.paligemma.engine.spi;

import dev.paligemma.engine.Device;
import java.util.Objects;

/**
 * The memory of a device that has its own, at one moment. Immutable.
 *
 * @param device the device
 * @param description what it is, for people
 * @param freeBytes how much of its memory nobody uses, at least 0
 * @param totalBytes how much memory it has, at least {@code freeBytes}
 */
public record DeviceMemory(Device device, String description, long freeBytes, long totalBytes) {
    /** Checks the sizes; an {@link IllegalArgumentException} if one is out of range. */
    public DeviceMemory {
        Objects.requireNonNull(device, "device");
        Objects.requireNonNull(description, "description");
        if (freeBytes < 0 || totalBytes < freeBytes) {
            throw new IllegalArgumentException(
                    "device " + device + " cannot have " + freeBytes + " of " + totalBytes + " bytes free");
        }
    }
}
