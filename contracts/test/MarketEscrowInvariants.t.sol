// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketEscrow} from "../src/IMarketEscrow.sol";
import {MarketEscrow} from "../src/MarketEscrow.sol";
import {Suite} from "./Suite.sol";
import {PlainToken} from "./Tokens.sol";

/// @dev Does anything that anybody may do, in any order, and remembers what must stay true.
contract Handler is Suite {
    struct Known {
        bytes32 id;
        uint16 maxFeeBps;
        bool endedByBuyer;
        uint256 endedAt;
        uint256 released;
        bytes32 asFunded;
    }

    uint256 private constant MOST_ORDERS = 8;

    MarketEscrow public immutable escrow;
    address public immutable timelock;
    PlainToken[2] public tokens;
    address[5] public people;
    // `vm.warp` does not outlive a call of the campaign: the time is kept here and set again in each.
    uint256 public time = 1_700_000_000;

    Known[] private _known;
    mapping(address token => uint256) public paidIn;
    mapping(address token => uint256) public donated;
    mapping(address token => uint256) public withdrawn;

    constructor(MarketEscrow escrow_, address timelock_) {
        (escrow, timelock) = (escrow_, timelock_);
        tokens = [new PlainToken(6), new PlainToken(18)];
        for (uint256 i = 0; i < people.length; ++i) {
            people[i] = address(uint160(0xA000 + i));
        }
    }

    modifier now_() {
        vm.warp(time);
        _;
        watch();
    }

    function known() external view returns (Known[] memory) {
        return _known;
    }

    function order(bytes32 id) public view returns (MarketEscrow.Order memory) {
        (, bytes memory answer) = address(escrow).staticcall(abi.encodeCall(escrow.orders, (id)));
        return abi.decode(answer, (MarketEscrow.Order));
    }

    function pick(uint256 seed) private view returns (Known storage) {
        return _known[seed % _known.length];
    }

    function fund(uint256 seed, uint128 price, uint32 periodSeconds, uint16 periods, uint16 spare) external now_ {
        PlainToken token = tokens[seed % 2];
        address buyer = people[seed / 2 % 5];
        (uint16 feeBps,,,,) = escrow.params();
        if (_known.length == MOST_ORDERS || escrow.paused() || !escrow.allowedTokens(address(token))) return;
        IMarketEscrow.Terms memory t = IMarketEscrow.Terms({
            orderRef: bytes32(_known.length),
            provider: people[seed / 10 % 5],
            token: address(token),
            pricePerPeriod: bound(price, 1, seed % 3 == 0 ? 50 : 1e30),
            periodSeconds: uint32(bound(periodSeconds, 1, 60 days)),
            periods: uint32(bound(periods, 1, 12)),
            maxFeeBps: feeBps + spare % 100
        });
        uint256 total = t.pricePerPeriod * t.periods;
        token.mint(buyer, total);
        vm.startPrank(buyer);
        token.approve(address(escrow), total);
        bytes32 id = escrow.fund(t);
        vm.stopPrank();
        paidIn[address(token)] += total;
        _known.push(Known(id, t.maxFeeBps, false, 0, 0, keccak256(abi.encode(order(id)))));
    }

    function release(uint256 seed) external now_ {
        if (_known.length == 0) return;
        bytes32 id = pick(seed).id;
        uint256 due = escrow.releasable(id);
        same(escrow.release(id), due, "8: a release pays what was announced");
        same(escrow.release(id), 0, "8: and nothing the second time");
    }

    function releaseMany(uint256 seed) external now_ {
        if (_known.length == 0) return;
        bytes32[] memory ids = new bytes32[](3);
        for (uint256 i = 0; i < 3; ++i) {
            ids[i] = pick(seed >> (i * 8)).id;
        }
        escrow.releaseMany(ids);
    }

    function cancel(uint256 seed, bool byBuyer) external now_ {
        if (_known.length == 0 || seed % 4 > 0) return;
        Known storage k = pick(seed / 4);
        MarketEscrow.Order memory o = order(k.id);
        if (o.state != IMarketEscrow.State.Active) return;
        vm.prank(byBuyer ? o.buyer : o.provider);
        escrow.cancel(k.id);
        k.endedByBuyer = byBuyer || o.buyer == o.provider;
    }

    function withdraw(uint256 seed) external now_ {
        address token = address(tokens[seed % 2]);
        address who = people[seed / 2 % 5];
        uint256 credit = escrow.credits(token, who);
        if (credit == 0) return;
        vm.prank(who);
        same(escrow.withdraw(token, people[seed / 10 % 5]), credit, "the whole credit");
        withdrawn[token] += credit;
    }

    function decide(uint256 seed, uint16 feeBps, uint32 hold) external now_ {
        vm.prank(timelock);
        escrow.setParams(
            uint16(bound(feeBps, 0, 1000)), people[seed % 5], uint32(bound(hold, 0, 30 days)), 1 days, 1 hours
        );
    }

    function stopOrGo(uint256 seed) external now_ {
        bool paused = escrow.paused();
        address token = address(tokens[seed % 2]);
        bool allowed = escrow.allowedTokens(token);
        vm.startPrank(timelock);
        if (paused) escrow.unpause();
        else if (seed % 5 == 0) escrow.pause();
        if (!allowed || seed % 7 == 0) escrow.setToken(token, !allowed);
        vm.stopPrank();
    }

    function donate(uint256 seed, uint96 amount) external now_ {
        tokens[seed % 2].mint(address(escrow), amount);
        donated[address(tokens[seed % 2])] += amount;
    }

    function wait(uint256 seconds_) external now_ {
        time += bound(seconds_, 1, seconds_ % 2 == 0 ? 3 hours : 40 days);
        vm.warp(time);
    }

    /// @dev After every step: what an order was at funding it stays, and what is closed stays as it was.
    function watch() private {
        for (uint256 i = 0; i < _known.length; ++i) {
            Known storage k = _known[i];
            MarketEscrow.Order memory o = order(k.id);
            holds(o.released >= k.released, "released never falls");
            if (k.endedAt != 0) {
                holds(o.state == IMarketEscrow.State.Closed && o.released == k.released, "7: closed is terminal");
            } else if (o.state == IMarketEscrow.State.Closed) {
                k.endedAt = time;
            }
            k.released = o.released;
            (o.state, o.released) = (IMarketEscrow.State.Active, 0);
            same(keccak256(abi.encode(o)), k.asFunded, "10: an order stays as it was funded");
        }
    }
}

/// @dev The invariants of the escrow, numbered as in README.md.
contract MarketEscrowInvariants is Suite {
    Handler private handler;
    MarketEscrow private escrow;

    function setUp() public {
        address timelock = address(0x71);
        escrow = new MarketEscrow(timelock, 250, address(0xA000), 7 days, 1 days, 1 hours);
        handler = new Handler(escrow, timelock);
        vm.startPrank(timelock);
        escrow.setToken(address(handler.tokens(0)), true);
        vm.stopPrank();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev One function, so that one campaign checks them all after each of its steps.
    function invariant_the_escrow_keeps_its_promises() public {
        vm.warp(handler.time());
        Handler.Known[] memory known = handler.known();
        MarketEscrow.Order[] memory orders = new MarketEscrow.Order[](known.length);
        for (uint256 i = 0; i < known.length; ++i) {
            orders[i] = handler.order(known[i].id);
            checkBounds(known[i], orders[i]);
        }
        checkHoldings();
        checkDebts(orders);
    }

    /// @dev 1: the escrow holds what it owes, and only withdrawals go out.
    function checkHoldings() private view {
        for (uint256 i = 0; i < 2; ++i) {
            PlainToken token = handler.tokens(i);
            address t = address(token);
            uint256 held = token.balanceOf(address(escrow));
            same(held, escrow.owed(t) + handler.donated(t), "1: held = owed + donated");
            same(held, handler.paidIn(t) + handler.donated(t) - handler.withdrawn(t), "1: only withdrawals go out");
        }
    }

    /// @dev 2: what is owed is all credits and all that runs.
    function checkDebts(MarketEscrow.Order[] memory orders) private view {
        for (uint256 i = 0; i < 2; ++i) {
            address token = address(handler.tokens(i));
            uint256 sum;
            for (uint256 j = 0; j < 5; ++j) {
                sum += escrow.credits(token, handler.people(j));
            }
            for (uint256 j = 0; j < orders.length; ++j) {
                if (orders[j].token != token || orders[j].state != IMarketEscrow.State.Active) continue;
                sum += orders[j].total - orders[j].released;
            }
            same(escrow.owed(token), sum, "2: owed = credits + what runs");
        }
    }

    function checkBounds(Handler.Known memory k, MarketEscrow.Order memory o) private view {
        uint256 whole = escrow.earned(k.id, handler.time(), false);
        uint256 exact = escrow.earned(k.id, handler.time(), true);
        holds(o.released <= o.total, "3: released <= total");
        holds(whole <= exact && exact <= o.total, "4: whole <= exact <= total");
        holds(o.released <= exact, "4: nothing is released before it is earned");
        holds(o.feeBps <= k.maxFeeBps, "9: the fee is at most the agreed one");
        if (!k.endedByBuyer) holds(o.released <= mature(o, handler.time()), "6: older than the hold");
    }

    /// @dev The whole periods that ended at least `hold` ago, counted one by one.
    function mature(MarketEscrow.Order memory o, uint256 time) private pure returns (uint256 sum) {
        for (uint256 k = 1; k <= o.periods; ++k) {
            if (o.startedAt + k * o.periodSeconds + o.hold <= time) sum += o.pricePerPeriod;
        }
    }
}
