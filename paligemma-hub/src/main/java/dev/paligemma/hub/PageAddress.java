package dev.paligemma.hub;

import dev.paligemma.base.internal.Quote;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads which model an address means that somebody copied out of a browser. */
final class PageAddress {
    private static final List<String> HOSTS = List.of("huggingface.co", "www.huggingface.co", "hf.co", "hf-mirror.com");

    /** What stands between a repository's name and a revision in the addresses of its pages. */
    private static final List<String> OF_FOLDERS = List.of("tree", "commit", "commits");

    private static final List<String> OF_FILES = List.of("blob", "resolve", "raw", "edit", "blame");
    private static final List<String> OTHER_KINDS =
            List.of("datasets", "spaces", "kernels", "collections", "papers", "docs");
    private static final int MAX_SHOWN = 200;

    private PageAddress() {}

    /** The model of an address; null if the text is none, and an IllegalArgumentException if it is one of something else. */
    static @Nullable HubModel read(String text) {
        boolean isUri = text.toLowerCase(Locale.ROOT).startsWith("hf://");
        int scheme = text.indexOf("://");
        if (scheme >= 0 && !isUri && !text.substring(0, scheme).matches("(?i)https?")) {
            throw none(
                    text,
                    "expected the name of a model, owner/name, its page on https://huggingface.co, or the path of a folder");
        }
        String address = text.substring(scheme < 0 ? 0 : scheme + 3).replaceFirst("[?#].*", "");
        int slash = address.indexOf('/');
        String host = slash < 0 ? "" : address.substring(0, slash).toLowerCase(Locale.ROOT);
        boolean isHub = HOSTS.contains(host) || host.equals(ownHost());
        String path = isUri ? address : address.substring(slash + 1);
        List<String> parts = Arrays.stream(path.split("/", -1))
                .filter(part -> !part.isEmpty())
                .toList();
        if (scheme < 0 && (!isHub || parts.size() < 2)) {
            return null;
        }
        if (isUri) {
            boolean isTyped = !parts.isEmpty() && parts.get(0).equals("models");
            return named(text, isTyped ? parts.subList(1, parts.size()) : parts);
        }
        if (parts.size() > 2 && parts.get(0).equals("api") && parts.get(1).equals("models")) {
            parts = parts.subList(2, parts.size());
        }
        if (parts.size() < 2 || OTHER_KINDS.contains(parts.get(0))) {
            throw none(text, "it is no page of a model; expected the model's name, owner/name");
        }
        HubModel model = paged(text, parts);
        if (!isHub) {
            throw none(
                    text,
                    "models are found by name: give " + model
                            + ", and HF_ENDPOINT or the hub's endpoint if it is another hub than https://huggingface.co");
        }
        return model;
    }

    /** {@code hf://owner/name@revision/folder}, as Python has it. */
    private static HubModel named(String text, List<String> parts) {
        if (parts.size() < 2 || OTHER_KINDS.contains(parts.get(0))) {
            throw none(text, "expected hf://owner/name");
        }
        String[] name = parts.get(1).split("@", 2);
        return model(
                text,
                parts.get(0) + "/" + name[0],
                name.length < 2 ? HubModel.MAIN : decoded(name[1]),
                String.join("/", parts.subList(2, parts.size())));
    }

    private static HubModel paged(String text, List<String> parts) {
        String id = parts.get(0) + "/" + parts.get(1);
        if (parts.size() == 2) {
            return model(text, id, HubModel.MAIN, "");
        }
        String kind = parts.get(2);
        boolean isFile = OF_FILES.contains(kind);
        if (parts.size() == 3 || !(isFile || OF_FOLDERS.contains(kind))) {
            return model(text, id, HubModel.MAIN, "");
        }
        List<String> below = parts.subList(4, parts.size());
        boolean isArchive = !below.isEmpty() && below.get(below.size() - 1).endsWith(".npz");
        if (isFile && !below.isEmpty() && !isArchive) {
            below = below.subList(0, below.size() - 1);
        }
        return model(text, id, decoded(parts.get(3)), decoded(String.join("/", below)));
    }

    private static HubModel model(String text, String id, String revision, String path) {
        try {
            return new HubModel(id, revision, path);
        } catch (IllegalArgumentException e) {
            throw none(text, String.valueOf(e.getMessage()));
        }
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    /** The hub that the environment chooses, with its port; empty if it chooses none that can be. */
    private static String ownHost() {
        try {
            return HubEnvironment.ofThisProcess()
                    .endpoint()
                    .base()
                    .replaceFirst("^[^:]*://", "")
                    .replaceFirst("/.*", "")
                    .toLowerCase(Locale.ROOT);
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    private static IllegalArgumentException none(String text, String why) {
        return new IllegalArgumentException("'" + Quote.shown(text, MAX_SHOWN) + "' is an address: " + why);
    }
}
