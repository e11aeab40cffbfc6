package dev.paligemma.server;

import static org.junit.jupiter.api.Assumptions.abort;

import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.openqa.selenium.By;
import org.openqa.selenium.ScriptTimeoutException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** The Chromium of this machine, without a window. Where there is none, tests are skipped, unless {@value #REQUIRED} is set. */
final class Browser implements AutoCloseable {
    /** The system property that makes a missing browser a failure. */
    static final String REQUIRED = "browser.required";

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final ChromeDriver driver;
    private final List<String> console = new ArrayList<>();
    private final List<String> addresses = new ArrayList<>();

    private Browser(ChromeDriver driver) {
        this.driver = driver;
    }

    static Browser start() {
        Path browser = find("chromium", "chromium-browser", "google-chrome");
        Path control = find("chromedriver");
        ChromeOptions options = new ChromeOptions();
        options.setBinary(browser.toFile());
        options.addArguments(
                "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars");
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        logs.enable(LogType.PERFORMANCE, Level.ALL);
        options.setCapability("goog:loggingPrefs", logs);
        ChromeDriverService service = new ChromeDriverService.Builder()
                .usingDriverExecutable(control.toFile())
                .usingAnyFreePort()
                .withSilent(true)
                .build();
        ChromeDriver driver = new ChromeDriver(service, options);
        driver.manage().timeouts().scriptTimeout(PATIENCE);
        return new Browser(driver);
    }

    private static Path find(String... names) {
        return Stream.of(names)
                .map(name -> Path.of("/usr/bin", name))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseGet(() -> {
                    String message = "no " + names[0] + " in /usr/bin; apt-get install chromium chromium-driver";
                    if (Boolean.getBoolean(REQUIRED)) {
                        throw new IllegalStateException(message);
                    }
                    return abort(message);
                });
    }

    /** Opens a page as a browser that was never here. */
    void open(URI address) {
        driver.get("about:blank");
        console();
        addresses();
        console.clear();
        addresses.clear();
        driver.get(address.toString());
    }

    /** Chooses the size of the window, in pixels of the page. */
    void size(int width, int height) {
        devtools(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 600));
    }

    void colours(String scheme) {
        devtools(
                "Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
    }

    Map<String, Object> devtools(String command, Map<String, Object> parameters) {
        return driver.executeCdpCommand(command, parameters);
    }

    WebElement element(String id) {
        return driver.findElement(By.id(id));
    }

    List<WebElement> all(String css) {
        return driver.findElements(By.cssSelector(css));
    }

    String text(String id) {
        return element(id).getText();
    }

    void click(String css) {
        WebElement found = driver.findElement(By.cssSelector(css));
        driver.executeScript("arguments[0].scrollIntoView({block: 'center'})", found);
        found.click();
    }

    /** Replaces the text of a field. */
    void write(String id, String text) {
        WebElement field = element(id);
        field.clear();
        field.sendKeys(text);
    }

    /** Moves a slider. */
    void slide(String id, double value) {
        run(
                "const e = document.getElementById(arguments[0]); e.value = arguments[1];"
                        + "e.dispatchEvent(new Event('input')); e.dispatchEvent(new Event('change'))",
                id,
                value);
    }

    Object run(String script, Object... arguments) {
        return driver.executeScript(script, arguments);
    }

    /** As {@link #run}, of a script that gives its result to the last of its arguments. */
    Object runAsync(String script, Object... arguments) {
        return driver.executeAsyncScript(script, arguments);
    }

    /** Waits until an expression, of {@code arguments} if it likes, is true. */
    void await(String condition, Object... arguments) {
        try {
            runAsync(
                    "const done = arguments[arguments.length - 1];" + "const look = () => " + condition
                            + " ? done() : setTimeout(look, 10); look()",
                    arguments);
        } catch (ScriptTimeoutException e) {
            throw new AssertionError(
                    condition + " does not come true; the page says: " + run("return document.body.innerText"), e);
        }
    }

    /** What the console has shown since the page was opened. */
    List<String> console() {
        for (LogEntry entry : driver.manage().logs().get(LogType.BROWSER)) {
            console.add(entry.getLevel() + " " + entry.getMessage());
        }
        return console;
    }

    /** What was asked for since the page was opened. */
    List<String> addresses() {
        for (LogEntry entry : driver.manage().logs().get(LogType.PERFORMANCE)) {
            JsonObject event = Json.readObject(
                            "an event", entry.getMessage().getBytes(StandardCharsets.UTF_8), PaliGemmaException::new)
                    .object("message");
            if ("Network.requestWillBeSent".equals(event.stringOrNull("method"))) {
                addresses.add(event.object("params").object("request").stringOrNull("url"));
            }
        }
        return addresses;
    }

    /** The whole page as PNG, also what one has to scroll to. */
    byte[] picture() {
        return Base64.getDecoder()
                .decode((String) devtools("Page.captureScreenshot", Map.of("captureBeyondViewport", true))
                        .get("data"));
    }

    @Override
    public void close() {
        driver.quit();
    }
}
