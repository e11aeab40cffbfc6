package dev.paligemma.cli.validation;

import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one published model: its files, and answers that somebody else's code gave. Immutable.
 *
 * <p>Recipes are read from JSON: {@code docs/validation.md} describes the members.
 *
 * @param model the name of the model on the hub
 * @param files files whose content is known
 * @param checks what to ask, and what was answered
 * @param pages pages and their rows, of a page encoder
 */
public record Recipe(String model, List<KnownFile> files, List<Check> checks, List<PageCheck> pages) {
    private static final String PUBLISHED = "published.json";
    private static final long MAX_BYTES = 1 << 20;
    private static final int MAX_TOKENS = 4096;

    /** The list is copied. */
    public Recipe {
        files = List.copyOf(files);
        checks = List.copyOf(checks);
        pages = List.copyOf(pages);
    }

    /**
     * A file of the model.
     *
     * @param name its name in the repository
     * @param sha256 the SHA-256 of its content, 64 hexadecimal digits
     */
    public record KnownFile(String name, String sha256) {}

    /**
     * One question and its published answer.
     *
     * @param id a short name
     * @param pictures what is shown; none where only tokens are asked for
     * @param prompt the prompt as written, without a newline at its end
     * @param answer the published answer
     * @param match how close to it an answer must be
     * @param maxNewTokens where the answer ends at the latest
     * @param tokenIds the ids that {@code prompt} must have as plain text; empty for a question to the model
     * @param source who published it
     */
    public record Check(
            String id,
            List<Picture> pictures,
            String prompt,
            String answer,
            Match match,
            int maxNewTokens,
            List<Integer> tokenIds,
            String source) {}

    /** The names of all models that have a published recipe. */
    public static List<String> published() {
        return models(builtIn()).stream().map(each -> text(each, "model")).toList();
    }

    /** The published recipe of a model of the hub. */
    public static Optional<Recipe> of(String model) {
        return models(builtIn()).stream()
                .filter(each -> text(each, "model").equals(model))
                .findFirst()
                .map(Recipe::recipe);
    }

    /** Reads a recipe of one's own: a JSON object with the members of one published model. */
    public static Recipe read(Path file) {
        return recipe(Json.readObject(file, MAX_BYTES, PaliGemmaException::new));
    }

    private static JsonObject builtIn() {
        try (InputStream in = Objects.requireNonNull(Recipe.class.getResourceAsStream(PUBLISHED), PUBLISHED)) {
            return Json.readObject(PUBLISHED, in.readAllBytes(), PaliGemmaException::new);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<JsonObject> models(JsonObject file) {
        return file.objects("models");
    }

    private static Recipe recipe(JsonObject model) {
        List<KnownFile> files = model.objects("files").stream()
                .map(file -> new KnownFile(text(file, "name"), text(file, "sha256")))
                .toList();
        List<Check> checks = model.objects("checks").stream().map(Recipe::check).toList();
        List<PageCheck> pages =
                model.objects("pages").stream().map(PageCheck::of).toList();
        if (!checks.isEmpty() && !pages.isEmpty()) {
            throw model.wrong("pages", "an empty list beside checks: a model writes text or gives rows");
        }
        return new Recipe(text(model, "model"), files, checks, pages);
    }

    private static Check check(JsonObject check) {
        List<Integer> ids = new ArrayList<>();
        List<@Nullable Object> listed = check.listOrNull("tokenIds");
        if (listed != null) {
            listed.forEach(id -> ids.add(check.asInteger("tokenIds", id, 0, Integer.MAX_VALUE)));
        }
        List<Picture> pictures =
                check.objects("pictures").stream().map(Recipe::picture).toList();
        String answer = check.stringOrNull("answer");
        if (answer == null && ids.isEmpty()) {
            throw check.wrong("answer", "a string, or tokenIds a list");
        }
        return new Check(
                text(check, "id"),
                pictures,
                text(check, "prompt"),
                answer == null ? "" : answer,
                match(check),
                check.integer("maxNewTokens", 20, 1, MAX_TOKENS),
                List.copyOf(ids),
                text(check, "source"));
    }

    private static Match match(JsonObject check) {
        String name = check.stringOrNull("match");
        if (name == null) {
            return Match.TEXT;
        }
        return Match.named(name).orElseThrow(() -> check.wrong("match", Match.names()));
    }

    private static Picture picture(JsonObject picture) {
        return new Picture(
                text(picture, "address"),
                picture.stringOrNull("sha256"),
                picture.integerOrNull("notebookCell", 0, 10_000),
                picture.bool("centreSquare", false));
    }

    private static String text(JsonObject object, String name) {
        String text = object.stringOrNull(name);
        if (text == null) {
            throw object.wrong(name, "a string");
        }
        return text;
    }
}
