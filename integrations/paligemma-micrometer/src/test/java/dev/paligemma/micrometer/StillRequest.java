package dev.paligemma.micrometer;

import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.RequestInfo;
import java.time.Duration;

/** A request about which time stands still. */
final class StillRequest implements RequestInfo {
    @Override
    public long id() {
        return 1;
    }

    @Override
    public Kind kind() {
        return Kind.SINGLE;
    }

    @Override
    public GenerationRequest request() {
        throw new UnsupportedOperationException("metrics are not to look at prompts");
    }

    @Override
    public Duration waited() {
        return Duration.ZERO;
    }

    @Override
    public Duration elapsed() {
        return Duration.ZERO;
    }
}
