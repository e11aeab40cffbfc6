package dev.paligemma.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class ProtobufInputTest {

    private static ProtobufInput open(ProtobufOutput out) {
        return new ProtobufInput(out.toByteArray(), "file");
    }

    private static ProtobufInput open(int... bytes) {
        return open(new ProtobufOutput().raw(bytes));
    }

    private static void assertRefused(ProtobufInput in, String message) {
        assertThatThrownBy(() -> {
                    while (in.next()) {
                        in.skip();
                    }
                })
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining(message);
    }

    @Test
    void readsEveryKindOfField() {
        ProtobufInput in = open(new ProtobufOutput()
                .number(1, -5)
                .number(2, 1)
                .number(3, 1.5f)
                .string(4, "é")
                .message(5, new ProtobufOutput().number(6, 7))
                .bytes((1 << 29) - 1, (byte) 1, (byte) 2));
        assertThat(in.next()).isTrue();
        assertThat(in.int32("a")).isEqualTo(-5);
        assertThat(in.next()).isTrue();
        assertThat(in.bool("b")).isTrue();
        assertThat(in.next()).isTrue();
        assertThat(in.finiteFloat("c")).isEqualTo(1.5f);
        assertThat(in.next()).isTrue();
        assertThat(in.string("d", 2)).isEqualTo("é");
        assertThat(in.next()).isTrue();
        ProtobufInput inner = in.message("e");
        assertThat(inner.next()).isTrue();
        assertThat(inner.field()).isEqualTo(6);
        assertThat(inner.int32("f")).isEqualTo(7);
        assertThat(inner.next()).isFalse();
        assertThat(in.next()).isTrue();
        assertThat(in.field()).isEqualTo((1 << 29) - 1);
        assertThat(in.skipBytes("g")).isEqualTo(2);
        assertThat(in.next()).isFalse();
    }

    @Test
    void readsTheLongestNumber() {
        ProtobufInput in = open(0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01);
        assertThat(in.next()).isTrue();
        assertThat(in.int32("a")).isEqualTo(-1);
    }

    @Test
    void refusesNumbersOfMoreThan64Bits() {
        assertRefused(
                open(0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02), "byte 0: field 1 is a number");
        assertRefused(
                open(0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00), "more than 64 bits");
    }

    @Test
    void refusesNumbersThatAreCutOff() {
        assertRefused(open(0x08, 0x80), "byte 0: field 1 is cut off at the end of its message, at byte 2");
        assertRefused(open(0x08, 0x01, 0x80), "byte 2: a field's number and type is cut off");
    }

    @Test
    void refusesFieldsWithoutAPossibleNumber() {
        assertRefused(open(0x00, 0x00), "a field's number must be 1 to 536870911, but is 0");
        assertRefused(open(new ProtobufOutput().varint(1L << 32).varint(0)), "but is 536870912");
        assertRefused(open(new ProtobufOutput().varint(-8).varint(0)), "but is 2305843009213693951");
    }

    @Test
    void refusesGroupsAndOtherWireTypes() {
        for (int wireType : List.of(3, 4, 6, 7)) {
            assertRefused(open(new ProtobufOutput().tag(9, wireType)), "field 9 is of wire type " + wireType);
        }
    }

    @Test
    void refusesLengthsPastTheEnd() {
        assertRefused(open(0x0a, 0x03, 0x01, 0x02), "a length of 3 bytes, but 2 are left");
        assertRefused(open(new ProtobufOutput().tag(1, 2).varint(Long.MAX_VALUE)), "a length of 9223372036854775807");
        assertRefused(open(new ProtobufOutput().tag(1, 2).varint(-1)), "a length of 18446744073709551615 bytes");
        assertRefused(open(0x0d, 1, 2, 3), "field 1 needs 4 bytes, but 3 are left");
        assertRefused(open(0x09, 1, 2, 3), "field 1 needs 8 bytes, but 3 are left");
    }

    @Test
    void keepsAMessageFromReadingPastItsEnd() {
        ProtobufInput in = open(new ProtobufOutput()
                .message(1, new ProtobufOutput().tag(1, 2).varint(4))
                .string(2, "more text"));
        assertThat(in.next()).isTrue();
        assertRefused(in.message("inner"), "byte 2: field 1 has a length of 4 bytes, but 0 are left");
    }
}
