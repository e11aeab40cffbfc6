  def bring(self: __torch__.Network,
    tensor: Tensor) -> Tensor:
    return torch.to(tensor, $DEVICE, ops.prim.dtype(tensor), False, $SEPARATE)
  def require(self: __torch__.Network,
    index: Tensor,
    rows: int) -> NoneType:
    if $SEPARATE:
      if torch.gt(torch.numel(index), 0):
        if torch.lt(int(torch.amin(index)), 0):
          ops.prim.RaiseException("index out of range: it must be at least 0")
        if torch.ge(int(torch.amax(index)), rows):
          ops.prim.RaiseException(torch.format("index out of range: there are {} rows", rows))
    return None
  def rotate(self: __torch__.Network,
    x: Tensor,
    cos: Tensor,
    sin: Tensor,
    heads: int) -> Tensor:
    rows = torch.size(x, 0)
    halves = torch.reshape(x, [rows, heads, 2, torch.size(cos, 1)])
    a = torch.select(halves, 2, 0)
    b = torch.select(halves, 2, 1)
    c = torch.unsqueeze(cos, 1)
    s = torch.unsqueeze(sin, 1)
    first = torch.sub(torch.mul(a, c), torch.mul(b, s))
    second = torch.add(torch.mul(b, c), torch.mul(a, s))
    return torch.reshape(torch.stack([first, second], 2), [rows, torch.size(x, 1)])
  def fold(self: __torch__.Network,
    rows: Tensor,
    sequences: int,
    heads: int,
    width: int) -> Tensor:
    tokens = torch.floordiv(torch.size(rows, 0), sequences)
    groups = torch.floordiv(torch.size(rows, 1), torch.mul(heads, width))
    split = torch.reshape(torch.to(rows, $ATTENTION), [sequences, tokens, heads, groups, width])
    return torch.reshape(torch.permute(split, [0, 2, 1, 3, 4]), [sequences, heads, torch.mul(tokens, groups), width])
  def unfold(self: __torch__.Network,
    mixed: Tensor,
    groups: int) -> Tensor:
    sequences, heads, rows, width, = torch.size(mixed)
    tokens = torch.floordiv(rows, groups)
    split = torch.permute(torch.reshape(mixed, [sequences, heads, tokens, groups, width]), [0, 2, 1, 3, 4])
    sizes = [torch.mul(sequences, tokens), torch.mul(torch.mul(heads, groups), width)]
    return torch.to(torch.reshape(split, sizes), 6)
  def mix(self: __torch__.Network,
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    scale: float,
    cap: float,
    block: int) -> Tensor:
    if torch.gt(cap, 0.):
      mixed = (self).mix_capped(queries, keys, values, scale, cap, block, )
    else:
      mixed = torch.scaled_dot_product_attention(queries, keys, values, None, 0., False, scale=scale)
    return mixed
  def attend(self: __torch__.Network,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    sequences: int,
    heads: int,
    groups: int,
    scale: float,
    cap: float,
    block: int) -> Tensor:
    width = torch.floordiv(torch.size(k, 1), heads)
    queries = (self).fold(q, sequences, heads, width, )
    keys = (self).fold(k, sequences, heads, width, )
    values = (self).fold(v, sequences, heads, width, )
    return (self).unfold((self).mix(queries, keys, values, scale, cap, block, ), groups, )
