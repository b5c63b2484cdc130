"""Ask for memory before it is needed, so that a kernel need not wait for it."""

from numba import config, types
from numba.core import cgutils
from numba.core.cgutils import ir
from numba.extending import intrinsic
from numba.np.arrayobj import make_array


def _ask(context, matrix, row, column):
    """Have the line of memory of ``matrix[row, column]`` brought near, to be written to.

    matrix  (n_rows, n_columns)  any type
    row, column  int64

    The processor's own instruction (llvm.prefetch); no value is changed by it.
    """

    def generate(context, builder, signature, arguments):
        held = make_array(signature.args[0])(context, builder, arguments[0])
        offset = ir.Constant(ir.IntType(64), 0)
        for place, stride in zip(arguments[1:], cgutils.unpack_tuple(builder, held.strides)):
            offset = builder.add(offset, builder.mul(place, stride))
        address, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        line = builder.gep(builder.bitcast(held.data, address), [offset])
        kind = ir.FunctionType(ir.VoidType(), [address, flag, flag, flag])
        ask = builder.module.declare_intrinsic("llvm.prefetch", [address], kind)
        builder.call(ask, [line, flag(1), flag(3), flag(1)])  # to write, keep near, data
        return context.get_dummy_value()

    return types.void(matrix, types.int64, types.int64), generate


def _do_nothing(matrix, row, column):
    """Python waits for other things."""


_is_python: bool = config.DISABLE_JIT  # type: ignore[attr-defined]
prefetch = _do_nothing if _is_python else intrinsic(_ask)
