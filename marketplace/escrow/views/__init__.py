"""Pages of the money: pay an order, get money back, be paid."""
