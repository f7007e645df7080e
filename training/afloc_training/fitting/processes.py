"""One training by several processes: torchrun starts them, films are shared out among them.

Each computes the features of its films, all see all features, and every film is contrasted with
the texts of the whole batch. One process alone is the ordinary case.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import distributed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Processes:
    """This process among all.

    Attributes:
        number: 0 writes files and talks.
        count: Of processes.
    """

    number: int = 0
    count: int = 1

    @property
    def share(self) -> tuple[int, int]:
        """As `lessons.part` takes it."""
        return self.number, self.count

    def gathered(self, own: Tensor) -> Tensor:
        """The rows of all processes in order; gradients flow into this process's own alone."""
        if self.count == 1:
            return own
        rows = [torch.empty_like(own) for _ in range(self.count)]
        distributed.all_gather(rows, own.detach().contiguous())
        rows[self.number] = own
        return torch.cat(rows)

    def add_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """The sum over processes, where a process has seen only its own films."""
        if self.count > 1:
            for parameter in parameters:
                if parameter.grad is not None:
                    distributed.all_reduce(parameter.grad)

    def agree(self, is_asked: bool) -> bool:
        """Whether any process was asked to stop."""
        if self.count == 1:
            return is_asked
        flag = torch.tensor(int(is_asked), device=self._device)
        distributed.all_reduce(flag, distributed.ReduceOp.MAX)
        return bool(flag)

    def share_buffers(self, network: nn.Module) -> None:
        """Statistics of batches are those of process 0's films."""
        if self.count > 1:
            for buffer in network.buffers():
                distributed.broadcast(buffer, 0)

    def wait(self) -> None:
        """Until all processes are here."""
        if self.count > 1:
            distributed.barrier()

    @property
    def _device(self) -> str:
        return "cuda" if distributed.get_backend() == "nccl" else "cpu"


def is_one_of_several() -> bool:
    """Whether torchrun started this process among others."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


@contextmanager
def joined_processes(device: torch.device) -> Iterator[Processes]:
    """Join those that torchrun has started; alone where nobody has."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Processes()
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Processes(distributed.get_rank(), count)
    finally:
        distributed.destroy_process_group()


def choose_device() -> torch.device:
    """The GPU of this process where there is one, else the processor."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether the device computes bfloat16 itself; elsewhere it is slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
