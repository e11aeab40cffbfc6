"""Writes messages as Google's protobuf package encodes them: what the ONNX engine's own encoder must produce.

    pip install -r ../requirements.txt
    python make_protobuf.py > ../../../engines/paligemma-onnx/src/test/resources/protobuf.tsv

One message a line: a name, a tab, and its bytes in hexadecimal.
"""

import google.protobuf
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

assert google.protobuf.__version__ == "7.36.2", google.protobuf.__version__

FIELDS = [  # name, number, type; proto2 writes a field that is set, even to its default
    ("integer", 1, "TYPE_INT64"),
    ("text", 2, "TYPE_STRING"),
    ("message", 3, "TYPE_MESSAGE"),
    ("float32", 4, "TYPE_FLOAT"),
    ("bytes", 5, "TYPE_BYTES"),
    ("integer15", 15, "TYPE_INT64"),
    ("integer16", 16, "TYPE_INT64"),
    ("integer2047", 2047, "TYPE_INT64"),
    ("integer2048", 2048, "TYPE_INT64"),
    ("integer536870911", 536870911, "TYPE_INT64"),
]


def message_class():
    file = descriptor_pb2.FileDescriptorProto(name="test.proto", package="test", syntax="proto2")
    message = file.message_type.add(name="Message")
    for name, number, kind in FIELDS:
        field = message.field.add(name=name, number=number, label="LABEL_OPTIONAL", type=kind)
        if kind == "TYPE_MESSAGE":
            field.type_name = ".test.Message"
    message.field.add(name="repeated", number=6, label="LABEL_REPEATED", type="TYPE_INT64")  # not packed in proto2
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("test.Message"))


M = message_class()


def cases():
    for value in (0, 1, 127, 128, 150, 300, 16383, 16384, 2**31 - 1, 2**31, 2**63 - 1, -1, -(2**63)):
        yield f"integer {value}", M(integer=value)
    for number in (15, 16, 2047, 2048, 536870911):
        yield f"field {number}", M(**{f"integer{number}": 7})
    for value in ("0", "-0.0", "1.5", "-1e30", "inf", "-inf", "1e-45", "3.4028235e38"):
        yield f"float32 {value}", M(float32=float(value))
    yield "text empty", M(text="")
    yield "text testing", M(text="testing")
    yield "text unicode", M(text="\u00e4\u20ac\U0001f408")
    yield "text of 127", M(text="x" * 127)
    yield "text of 128", M(text="x" * 128)
    yield "text of 300", M(text="y" * 300)
    yield "bytes", M(bytes=bytes(range(256)))
    yield "message empty", M(message=M())
    yield "message", M(message=M(integer=150))
    yield "message in message", M(message=M(text="z" * 130, message=M(float32=0.5)))
    yield "several fields", M(integer=-2, text="a", message=M(integer=1), float32=2.0, bytes=b"\x00", repeated=[3, -4, 300])


for name, message in cases():
    print(name, message.SerializeToString(deterministic=True).hex(), sep="\t")
