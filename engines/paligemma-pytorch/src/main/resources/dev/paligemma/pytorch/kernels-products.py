  def multiply(self: __torch__.Network,
    x: Tensor,
    matrix: Tensor) -> Tensor:
    rows = torch.size(x, 0)
    if torch.le(rows, $FEW):
      y = torch.to(torch.linear(torch.to(x, $MATRICES), matrix), 6)
    else:
      columns, width, = torch.size(matrix)
      y = torch.empty([rows, columns], dtype=6, layout=None, device=$DEVICE)
      wide = torch.empty([ops.prim.min($BLOCK, columns), width], dtype=6, layout=None, device=$DEVICE)
      for i in range(torch.floordiv(torch.add(columns, torch.sub($BLOCK, 1)), $BLOCK)):
        first = torch.mul(i, $BLOCK)
        count = ops.prim.min($BLOCK, torch.sub(columns, first))
        block = torch.copy_(torch.narrow(wide, 0, 0, count), torch.narrow(matrix, 0, first, count))
        _0 = torch.mm(x, torch.t(block), out=torch.narrow(y, 1, first, count))
    return y
  def multiply_add(self: __torch__.Network,
    x: Tensor,
    matrix: Tensor,
    bias: Tensor) -> Tensor:
    return torch.add_((self).multiply(x, matrix, ), bias)
