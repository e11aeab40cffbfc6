package dev.paligemma.server.internal.metrics;

import java.util.Map;
import java.util.TreeMap;

/** Writes the text format 0.0.4 of Prometheus, with the names that Micrometer would give. Confined to one thread. */
final class PrometheusText {
    static final String MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private final StringBuilder text = new StringBuilder();

    /** Adds a number that goes up and down; the keys are labels as {@link #label} makes them. */
    void gauge(String name, String help, Map<String, ? extends Number> values) {
        family(name, help, "gauge");
        new TreeMap<>(values).forEach((labels, value) -> sample(name, labels, value));
    }

    /** Adds a number that only grows. */
    void counter(String name, String help, Map<String, ? extends Number> values) {
        String total = name + "_total";
        family(total, help, "counter");
        new TreeMap<>(values).forEach((labels, value) -> sample(total, labels, value));
    }

    /** Adds times. */
    void timer(String name, String help, Map<String, Meter> meters) {
        Map<String, Meter> sorted = new TreeMap<>(meters);
        String seconds = name + "_seconds";
        family(seconds, help, "summary");
        sorted.forEach((labels, meter) -> {
            sample(seconds + "_count", labels, meter.count());
            sample(seconds + "_sum", labels, meter.seconds());
        });
        family(seconds + "_max", help, "gauge");
        sorted.forEach((labels, meter) -> sample(seconds + "_max", labels, meter.longestSeconds()));
    }

    private void family(String name, String help, String type) {
        text.append("# HELP ").append(name).append(' ').append(help).append('\n');
        text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    private void sample(String name, String labels, Number value) {
        text.append(name);
        if (!labels.isEmpty()) {
            text.append('{').append(labels).append('}');
        }
        text.append(' ').append(value).append('\n');
    }

    /** A label and its value; several are joined by commas. */
    static String label(String name, String value) {
        String escaped = value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
        return name + "=\"" + escaped + '"';
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
