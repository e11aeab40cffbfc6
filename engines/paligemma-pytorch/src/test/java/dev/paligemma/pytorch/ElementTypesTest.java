package dev.paligemma.pytorch;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.spi.HostTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Deep Java Library ends the JVM when an element type that its native code does not know reaches it. So one class chooses
 * types, and all that it can choose from are known.
 */
@AnalyzeClasses(packages = "dev.paligemma.pytorch", importOptions = DoNotIncludeTests.class)
class ElementTypesTest {
    /** What the native code maps. */
    private static final Set<DataType> KNOWN = Set.of(
            DataType.FLOAT32,
            DataType.FLOAT64,
            DataType.FLOAT16,
            DataType.UINT8,
            DataType.INT32,
            DataType.INT8,
            DataType.INT64,
            DataType.BOOLEAN);

    @ArchTest
    static final ArchRule oneClassChoosesTypes = noClasses()
            .that()
            .doNotHaveFullyQualifiedName(TensorScope.class.getName())
            .should()
            .dependOnClassesThat()
            .areAssignableTo(DataType.class);

    @ArchTest
    static final ArchRule oneClassMakesTensors = noClasses()
            .that()
            .doNotHaveFullyQualifiedName(TensorScope.class.getName())
            .should()
            .callMethodWhere(com.tngtech.archunit.core.domain.JavaCall.Predicates.target(
                            com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching(
                                    "create|zeros|ones|full|arange|toType|decode|load"))
                    .and(com.tngtech.archunit.core.domain.JavaCall.Predicates.target(
                            com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner(
                                    com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage(
                                            "ai.djl.ndarray..")))));

    /**
     * What a script gives back may be of a type that is not known: bfloat16 stays inside torch. The one call that makes a
     * tensor of it is for methods that give nothing back, see {@link TrainingEmitterTest}.
     */
    @ArchTest
    static final ArchRule nothingComesBackAsATensor = noClasses()
            .that()
            .doNotHaveFullyQualifiedName(TorchModule.class.getName())
            .should()
            .callMethodWhere(com.tngtech.archunit.core.domain.JavaCall.Predicates.target(
                            com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching(
                                    "toTensor|toTensorArray|toNDList|toIValue.*|forward"))
                    .and(com.tngtech.archunit.core.domain.JavaCall.Predicates.target(
                            com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner(
                                    com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage(
                                            "ai.djl.pytorch..")))));

    @ParameterizedTest
    @EnumSource
    void everyTypeOfAGraphIsKnown(ElementType type) {
        TorchRuntime.start(TorchDevice.of(dev.paligemma.engine.Device.CPU));
        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
                TensorScope scope = new TensorScope(manager)) {
            NDArray view = scope.view(HostTensor.allocate(type, 2, 3));
            assertThat(KNOWN).contains(view.getDataType());
            assertThat(view.getDataType().getNumOfBytes()).isEqualTo(type.bytes());
            assertThat(scope.allocate(type, 4).getDataType()).isEqualTo(view.getDataType());
        }
    }

    @Test
    void everyTypeOfTrainingIsKnown() {
        TorchRuntime.start(TorchDevice.of(dev.paligemma.engine.Device.CPU));
        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
                TensorScope scope = new TensorScope(manager)) {
            ByteBuffer memory = ByteBuffer.allocateDirect(16).order(ByteOrder.nativeOrder());
            assertThat(KNOWN).contains(scope.doubles(memory).getDataType());
        }
    }
}
