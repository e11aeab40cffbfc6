package dev.paligemma.server.internal.http;

/** What makes events. */
@FunctionalInterface
public interface EventWork {
    /** Makes all events of an answer; whatever it throws ends the answer. */
    void run(EventStream events, Admission.Ticket ticket) throws Exception;
}
