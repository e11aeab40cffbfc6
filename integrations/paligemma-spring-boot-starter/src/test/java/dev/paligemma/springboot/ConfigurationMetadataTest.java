package dev.paligemma.springboot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.DefaultValue;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What editors are told of the properties, written by hand, is what they are. */
class ConfigurationMetadataTest {
    private static final String FILE = "/META-INF/spring-configuration-metadata.json";

    @Test
    void everyPropertyIsDescribedWithItsTypeAndDefault() throws IOException {
        Map<String, String> described = new TreeMap<>();
        for (JsonNode property : metadata().get("properties")) {
            assertThat(property.get("description").asString()).isNotBlank().endsWith(".");
            String name = property.get("name").asString();
            if (name.startsWith("paligemma.")) {
                JsonNode value = property.get("defaultValue");
                described.put(
                        name,
                        property.get("type").asString() + (value == null ? "" : " " + value.asString()) + " of "
                                + property.get("sourceType").asString());
            }
        }

        Map<String, String> actual = new TreeMap<>();
        collect("paligemma.", PaliGemmaProperties.class, actual);
        assertThat(described).isEqualTo(actual);
    }

    private static void collect(String prefix, Class<?> type, Map<String, String> properties) {
        for (RecordComponent component : type.getRecordComponents()) {
            String name =
                    prefix + component.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
            if (component.getType().isRecord()) {
                collect(name + ".", component.getType(), properties);
                continue;
            }
            DefaultValue value = constructorParameter(type, component);
            properties.put(
                    name,
                    typeOf(component)
                            + (value == null || value.value().length == 0 ? "" : " " + value.value()[0])
                            + " of " + type.getName());
        }
    }

    private static DefaultValue constructorParameter(Class<?> type, RecordComponent component) {
        for (java.lang.reflect.Parameter parameter : type.getDeclaredConstructors()[0].getParameters()) {
            if (parameter.getName().equals(component.getName())) {
                return parameter.getAnnotation(DefaultValue.class);
            }
        }
        throw new AssertionError("no parameter " + component.getName());
    }

    private static String typeOf(RecordComponent component) {
        if (component.getType() == boolean.class) {
            return Boolean.class.getName();
        }
        return component.getGenericType().getTypeName().replace(" ", "");
    }

    private static JsonNode metadata() throws IOException {
        try (InputStream in = PaliGemmaProperties.class.getResourceAsStream(FILE)) {
            return JsonMapper.shared().readTree(in.readAllBytes());
        }
    }
}
