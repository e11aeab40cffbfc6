package dev.paligemma.engine.adapter;

import dev.paligemma.engine.spi.HostTensor;
import org.jspecify.annotations.Nullable;

/** stand-in */
public record ModuleChange(
        @Nullable HostTensor down,
        @Nullable HostTensor up,
        @Nullable HostTensor scale,
        @Nullable HostTensor shift) {}
