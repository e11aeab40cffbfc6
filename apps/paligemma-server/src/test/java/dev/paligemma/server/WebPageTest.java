package dev.paligemma.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.RequestCancelledException;
import dev.paligemma.generation.RequestInfo;
import dev.paligemma.generation.RequestListener;
import dev.paligemma.generation.RequestOutcome;
import dev.paligemma.task.Task;
import dev.paligemma.task.Tasks;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.mask.BitMask;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;

/** The web page in Chromium. */
@Timeout(180)
class WebPageTest {
    /** The system property that names the file of axe-core. */
    private static final String AXE = "axe.core";

    private static final String READY = "document.getElementById('status').dataset.state === 'good'"
            + " && document.getElementById('stage').classList.contains('filled')";
    private static final String ENDED = "document.getElementById('run').disabled === false"
            + " && !document.getElementById('state').textContent.includes('…')";

    private static final Gate GATE = new Gate();
    private static Browser browser;
    private static PaliGemmaPipeline pipeline;
    private static PaliGemmaServer server;

    @TempDir
    Path folder;

    /** Holds answers back before their first token, if it is closed, and remembers how requests end. */
    private static final class Gate implements RequestListener {
        private final BlockingQueue<RequestOutcome> outcomes = new LinkedBlockingQueue<>();
        private volatile CountDownLatch open = new CountDownLatch(0);

        @Override
        public void firstToken(RequestInfo request) {
            try {
                open.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void finished(RequestInfo request, RequestOutcome outcome) {
            outcomes.add(outcome);
        }
    }

    @BeforeAll
    static void start() {
        browser = Browser.start();
        pipeline = PaliGemmaPipeline.builder()
                .checkpoint(TinyModel.folder())
                .onRequest(GATE)
                .build();
        server = PaliGemmaServer.builder()
                .port(0)
                .pipeline(pipeline)
                .modelName("paligemma-tiny")
                // The gate blocks the thread of an answer, which must not be that of others.
                .batch(1)
                .start();
    }

    @AfterAll
    static void stop() {
        if (browser != null) {
            browser.close();
        }
        if (server != null) {
            server.close();
            pipeline.close();
        }
    }

    @BeforeEach
    void open() {
        browser.size(1280, 900);
        browser.colours("light");
        browser.open(server.address());
        browser.await(READY);
        GATE.outcomes.clear();
    }

    /** Whatever a test has done, the page spoke to its server alone, and the browser has nothing to complain about. */
    @AfterEach
    void nothingForeignAndNoComplaint() {
        assertThat(browser.console()).isEmpty();
        assertThat(browser.addresses())
                .contains(server.address() + "/v1/info")
                .allMatch(address -> address.startsWith(server.address() + "/")
                        || address.startsWith("blob:" + server.address() + "/"));
    }

    private static void ask() {
        browser.click("#run");
        browser.await(ENDED);
        assertThat(browser.text("error")).isEmpty();
    }

    private static void choose(String task) {
        browser.click("input[name=task][value=" + task + "]");
    }

    private static void sample(int number, String file) {
        browser.click("#samples li:nth-child(" + number + ") button");
        awaitPicture(file);
    }

    private static void awaitPicture(String name) {
        browser.await("document.getElementById('canvas').getAttribute('aria-label') === arguments[0]", name);
    }

    private static String prompt(Task<?> task) {
        return task.request().image(TinyModel.picture()).build().prompt();
    }

    /** Red, green and blue of a pixel of the canvas; the place in pixels of a picture of 448. */
    private static List<?> pixel(double x, double y) {
        return (List<?>) browser.run(
                "const c = document.getElementById('canvas');"
                        + "const copy = new OffscreenCanvas(c.width, c.height).getContext('2d', {willReadFrequently: true});"
                        + "copy.drawImage(c, 0, 0);"
                        + "const at = (place) => place * c.width / 448;"
                        + "return [...copy.getImageData(at(arguments[0]), at(arguments[1]), 1, 1).data].slice(0, 3)",
                x,
                y);
    }

    private Path upload(String name) throws IOException {
        Path file = Files.copy(TinyModel.picture(), folder.resolve(name));
        browser.element("files").sendKeys(file.toString());
        awaitPicture(name);
        return file;
    }

    @Test
    void aCaptionAppearsAsItIsWritten() {
        browser.run(
                "window.seen = new Set(); new MutationObserver(() => seen.add(document.getElementById('text').textContent))"
                        + ".observe(document.getElementById('text'), {childList: true})");
        assertThat(browser.text("prompt")).isEqualTo(prompt(Tasks.caption("en")));

        ask();

        assertThat(browser.text("text")).isEqualTo(TinyModel.CAPTION);
        assertThat((Long) browser.run("return seen.size")).isGreaterThan(1);
        assertThat(browser.text("state")).isEqualTo("Done.");
        assertThat(browser.text("usage")).contains("68 tokens read (64 of pictures), 7 written");
        assertThat(browser.all("#legend dt").stream().map(WebElement::getText))
                .containsExactly("Waited", "Picture", "Vision", "Prompt", "Writing");
        assertThat(browser.text("hint")).contains("bundled model");
    }

    @Test
    void anUploadedPictureIsAskedAbout() throws IOException {
        upload("my picture.png");
        choose("answer");
        browser.write("question-text", "what word is written?");
        assertThat(browser.text("prompt")).isEqualTo(prompt(Tasks.answer("en", "what word is written?")));

        browser.element("question-text").sendKeys(Keys.ENTER);
        browser.await(ENDED);

        assertThat(browser.text("text")).isEqualTo(TinyModel.WORD);
    }

    @Test
    void severalPicturesAreAskedAboutTogether() throws IOException {
        upload("one.png");
        upload("two.png");
        upload("three.png");
        browser.click("#strip li:nth-child(3) .remove");
        assertThat(browser.text("which")).isEqualTo("about all 2 pictures");

        ask();

        assertThat(browser.text("usage")).contains("(128 of pictures)");
        assertThat(browser.text("source")).contains("'images=@\"one.png\"'", "'images=@\"two.png\"'");
    }

    @Test
    void boxesAreDrawnAndListedAndHiddenBelowTheThreshold() {
        List<?> background = pixel(250, 60);
        List<?> inside = pixel(120, 110);
        choose("detect");
        browser.write("labels", "blue square");
        assertThat(browser.text("prompt")).isEqualTo(prompt(Tasks.detect("blue square")));

        ask();

        assertThat(browser.text("state")).isEqualTo("1 thing found.");
        assertThat(browser.all("#found li")).hasSize(1);
        assertThat(browser.text("found")).containsPattern("blue square\\s+\\S*\\s*\\d+, \\d+, \\d+, \\d+");
        List<?> box = (List<?>)
                browser.run("return document.querySelector('#found .box').lastChild.data.split(', ').map(Number)");
        double left = ((Number) box.get(0)).doubleValue();
        double top = ((Number) box.get(1)).doubleValue();
        double bottom = ((Number) box.get(3)).doubleValue();
        List<Long> orange = List.of(0xe6L, 0x9fL, 0L);
        assertThat(pixel(left, (top + bottom) / 2)).isEqualTo(orange);
        assertThat(pixel(120, 110)).isEqualTo(inside);
        assertThat(pixel(250, 60)).isEqualTo(background);

        browser.slide("threshold", 1);

        assertThat(browser.text("state")).isEqualTo("1 thing found. 0 shown.");
        assertThat(browser.all("#found li")).isEmpty();
        assertThat(pixel(left, (top + bottom) / 2)).isNotEqualTo(orange);
    }

    @Test
    void boxesBelongToTheirPicture() throws IOException {
        upload("one.png");
        choose("detect");
        browser.write("labels", "blue square");
        ask();
        assertThat(browser.all("#found li")).hasSize(1);

        upload("two.png");
        assertThat(browser.all("#found li")).isEmpty();

        browser.click("#strip li:nth-child(1) .thumb");
        assertThat(browser.all("#found li")).hasSize(1);
        assertThat(browser.element("canvas").getDomAttribute("aria-label"))
                .isEqualTo("one.png, with boxes around: blue square");
    }

    @Test
    void masksCoverWhatTheyShowAndNothingElse() {
        sample(2, "shapes.png");
        List<?> circle = pixel(108, 308);
        List<?> corner = pixel(25, 222);
        List<?> background = pixel(300, 60);
        choose("segment");

        ask();

        assertThat(browser.all("#found .label").stream().map(WebElement::getText))
                .containsExactly("green circle", "yellow triangle");
        List<?> covered = pixel(108, 308);
        for (int i = 0; i < 3; i++) {
            long colour = List.of(0xe6L, 0x9fL, 0L).get(i);
            assertThat(((Number) covered.get(i)).doubleValue())
                    .isCloseTo((((Number) circle.get(i)).doubleValue() + colour) / 2, within(3.0));
        }
        assertThat(pixel(25, 222)).as("within the box, outside of the circle").isEqualTo(corner);
        assertThat(pixel(300, 60)).isEqualTo(background);

        browser.slide("opacity", 0);

        assertThat(pixel(108, 308)).isEqualTo(circle);
    }

    @Test
    void cancelFreesThePlaceOfTheRequest() throws InterruptedException {
        CountDownLatch latch = new CountDownLatch(1);
        GATE.open = latch;
        try {
            browser.click("#run");
            browser.await("!document.getElementById('cancel').disabled");
            browser.click("#cancel");
            browser.await(ENDED);

            assertThat(browser.text("state")).isEqualTo("Cancelled.");
            assertThat(browser.all("#text:not([hidden])")).isEmpty();
            RequestOutcome outcome = GATE.outcomes.poll(30, TimeUnit.SECONDS);
            assertThat(outcome).isNotNull();
            assertThat(outcome.failure()).containsInstanceOf(RequestCancelledException.class);
        } finally {
            GATE.open = new CountDownLatch(0);
            latch.countDown();
        }

        ask();

        assertThat(browser.text("text")).isEqualTo(TinyModel.CAPTION);
    }

    @Test
    void theCodeThatIsShownWorks() throws Exception {
        Path picture = upload("it's mine, \"really\".png");
        for (String task : List.of("caption", "answer", "ocr", "detect", "segment")) {
            choose(task);
            ask();
            browser.click("input[name=form][value=curl]");
            String command = browser.text("source");
            browser.click("input[name=form][value=java]");
            Path source = Files.writeString(folder.resolve("Example.java"), browser.text("source"));

            assertThat(ToolProvider.getSystemJavaCompiler()
                            .run(
                                    null,
                                    null,
                                    null,
                                    "-d",
                                    folder.toString(),
                                    "-cp",
                                    System.getProperty("java.class.path"),
                                    "-Xlint:all",
                                    "-Werror",
                                    "-proc:none",
                                    source.toString()))
                    .as(task)
                    .isZero();
            if (Files.isExecutable(Path.of("/usr/bin/curl"))) {
                Process curl = new ProcessBuilder("bash", "-c", command)
                        .directory(picture.getParent().toFile())
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
                assertThat(new String(curl.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                        .as(command)
                        .contains("event: done\n");
            }
        }
    }

    @Test
    void theKeyboardIsEnough() {
        WebElement tasks = browser.all("input[name=task]").get(0);
        tasks.sendKeys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT);
        assertThat(browser.text("prompt")).isEqualTo("ocr");
        tasks = browser.all("input[name=task]").get(2);

        tasks.sendKeys(Keys.ENTER);
        browser.await(ENDED);

        assertThat(browser.text("text")).isEqualTo(TinyModel.WORD);
        // From the question on: every stop of the tabulator is seen.
        browser.run("document.getElementById('run').focus()");
        for (int i = 0; i < 6; i++) {
            ((WebElement) browser.run("return document.activeElement")).sendKeys(Keys.TAB);
            assertThat((Boolean) browser.run(
                            "const e = document.activeElement; const s = getComputedStyle(e.type === 'radio' ? e.nextElementSibling : e);"
                                    + "return e === document.body || s.outlineStyle !== 'none'"))
                    .as(String.valueOf(browser.run("return document.activeElement.outerHTML.slice(0, 80)")))
                    .isTrue();
        }
    }

    @Test
    void whatIsMissingIsSaidBeforeAnythingIsSent() {
        choose("detect");
        browser.write("labels", " , ");

        browser.click("#run");

        assertThat(browser.text("error")).startsWith("Write what to find first");
        assertThat(browser.addresses()).noneMatch(address -> address.contains("/v1/detect"));
    }

    @Test
    void whatTheServerRefusesIsShown() {
        choose("detect");
        browser.write("labels", "x".repeat(300));

        browser.click("#run");
        browser.await("!document.getElementById('error').hidden");

        assertThat(browser.text("error")).contains("labels");
        leave(1, "400");
    }

    @Test
    void noViolationIsFoundByAxeInLightAndDarkAndOnAPhone() throws IOException {
        String file = System.getProperty(AXE);
        assumeTrue(file != null, "no file of axe-core is given by -D" + AXE + ", as .ci/run does");
        sample(2, "shapes.png");
        choose("segment");
        ask();
        browser.run(Files.readString(Path.of(file)));
        for (String colours : List.of("light", "dark")) {
            for (int width : List.of(1280, 390)) {
                browser.size(width, 844);
                browser.colours(colours);
                assertThat(
                                browser.runAsync(
                                        "const done = arguments[0]; axe.run().then(found => done(found.violations.map("
                                                + "each => each.id + ': ' + each.nodes.map(node => node.html + ' ' + node.failureSummary))))"))
                        .as(colours + " " + width)
                        .isEqualTo(List.of());
            }
        }
    }

    @Test
    void aPhoneNeedsNoScrollingToTheSide() {
        choose("segment");
        ask();
        for (int width : List.of(390, 320)) {
            browser.size(width, 700);
            browser.await("innerWidth === " + width);
            assertThat(browser.run("return document.documentElement.scrollWidth"))
                    .isEqualTo((long) width);
        }
    }

    @Test
    void aKeyIsAskedForWhereTheServerWantsOne() {
        try (PaliGemmaServer locked = PaliGemmaServer.builder()
                .port(0)
                .pipeline(pipeline)
                .modelName("paligemma-tiny")
                .apiKey("open sesame")
                .start()) {
            browser.open(locked.address());
            browser.await("!document.getElementById('key-form').hidden");

            browser.write("key", "sesame");
            browser.element("key").sendKeys(Keys.ENTER);
            browser.await("document.getElementById('key-wrong').textContent !== ''");
            browser.write("key", "open sesame");
            browser.element("key").sendKeys(Keys.ENTER);
            browser.await(READY);

            assertThat(browser.element("key-form").isDisplayed()).isFalse();
            ask();
            assertThat(browser.text("text")).isEqualTo(TinyModel.CAPTION);
            assertThat(browser.text("source"))
                    .contains("-H \"Authorization: Bearer $API_KEY\"")
                    .doesNotContain("sesame");
        }
        leave(2, "401");
    }

    @Test
    void aBusyServerIsSaid() {
        try (PaliGemmaPipeline narrow = PaliGemmaPipeline.builder()
                        .checkpoint(TinyModel.folder())
                        .maxConcurrentRequests(1)
                        .maxWaiting(0)
                        .build();
                PaliGemmaServer busy =
                        PaliGemmaServer.builder().port(0).pipeline(narrow).start();
                AnswerStream running = narrow.stream(
                        Tasks.caption("en").request().image(TinyModel.picture()).build())) {
            running.next();
            browser.open(busy.address());
            browser.await(READY);

            browser.click("#run");
            browser.await("!document.getElementById('error').hidden");

            assertThat(browser.text("error")).matches("The server is busy; try again in \\d+ s\\.");
        }
        leave(1, "429");
    }

    @Test
    void theModelMayStillBeLoading() {
        CountDownLatch wanted = new CountDownLatch(1);
        try (PaliGemmaServer slow = PaliGemmaServer.builder()
                .port(0)
                .load(listener -> {
                    awaitLatch(wanted);
                    return PaliGemmaPipeline.load(TinyModel.folder());
                })
                .start()) {
            browser.open(slow.address());
            browser.await("document.getElementById('status').textContent === 'The model is being loaded …'");

            wanted.countDown();

            browser.await(READY);
        }
        leave(-1, "503");
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Goes back to the server of all tests. Browsers note every refusal: so many of a status, or any number if that is negative. */
    private static void leave(int refusals, String status) {
        assertThat(browser.console()).allMatch(line -> line.contains(status));
        if (refusals >= 0) {
            assertThat(browser.console()).hasSize(refusals);
        }
        browser.open(server.address());
        browser.await(READY);
    }

    /** Of random masks, one of them larger than the page keeps them. */
    @Test
    void masksAreReadAsTheyAreWritten() {
        Random random = new Random(7);
        for (int[] size : new int[][] {{1, 1}, {37, 23}, {300, 200}, {2800, 60}}) {
            BitSet bits = new BitSet();
            int pixels = size[0] * size[1];
            for (int at = 0; at < pixels; at += 1 + random.nextInt(90)) {
                bits.set(at, Math.min(pixels, at + random.nextInt(90)));
            }
            BitMask mask = BitMask.of(size[0], size[1], bits);

            List<?> read = (List<?>) browser.runAsync(
                    "const done = arguments[2]; import(new URL('page/rle.js', location)).then(({decode, counts}) => {"
                            + "const read = decode({size: arguments[0], counts: arguments[1]});"
                            + "done([read.width, read.height, read.inside.reduce((sum, each) => sum + each, 0),"
                            + "[...read.inside].map((each, i) => each ? i : -1).filter(i => i >= 0).join(','),"
                            + "counts(arguments[1]).reduce((sum, each) => sum + each, 0)])})",
                    List.of(size[1], size[0]),
                    mask.toRle().compressed());

            assertThat(read.get(4)).isEqualTo((long) pixels);
            if (size[0] <= 1400) {
                assertThat(read.subList(0, 3)).isEqualTo(List.of((long) size[0], (long) size[1], (long) mask.area()));
                assertThat(read.get(3))
                        .isEqualTo(bits.stream().mapToObj(String::valueOf).collect(Collectors.joining(",")));
            } else {
                assertThat(read.subList(0, 2)).isEqualTo(List.of(1400L, 30L));
            }
        }
    }

    @Test
    void darkIsDark() {
        String background = "const c = getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number);"
                + "return c[0] + c[1] + c[2]";
        assertThat((Long) browser.run(background)).isGreaterThan(600);

        browser.colours("dark");

        assertThat((Long) browser.run(background)).isLessThan(150);
    }

    @Test
    void thePolicyLetsNothingForeignIn() throws IOException {
        assertThat(Servers.get(server, "/").headers().firstValue("Content-Security-Policy"))
                .hasValue(
                        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
                                + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
        assertThat(Servers.get(server, "/page/../page.css").statusCode()).isEqualTo(404);
        assertThat(Servers.get(server, "/page/").statusCode()).isEqualTo(404);
    }
}
