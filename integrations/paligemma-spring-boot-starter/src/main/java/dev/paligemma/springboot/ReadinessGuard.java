package dev.paligemma.springboot;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;

/**
 * Keeps traffic away from an application whose model could not be loaded. Spring accepts it after the last runner whatever happened, so
 * each acceptance is taken back.
 *
 * @param availability not used, but made before this: so it hears of the acceptance before it hears that it is taken back
 */
record ReadinessGuard(
        PaliGemmaLoader loader,
        ApplicationContext context,
        @Nullable ApplicationAvailability availability)
        implements ApplicationListener<AvailabilityChangeEvent<ReadinessState>> {
    @Override
    public void onApplicationEvent(AvailabilityChangeEvent<ReadinessState> event) {
        if (event.getState() == ReadinessState.ACCEPTING_TRAFFIC
                && loader.failure().isPresent()) {
            AvailabilityChangeEvent.publish(context, ReadinessState.REFUSING_TRAFFIC);
        }
    }
}
