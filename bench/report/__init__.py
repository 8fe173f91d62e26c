# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors

"""What npu-bench makes of its measurements: a table, JSON, a chart as SVG and PNG."""
